/** One line of a pane, exactly as wide as the pane: pieces of text, some with a colour. */
import { Text } from 'ink'
import type { ReactNode } from 'react'
import { fitRow, type Row } from './pieces.ts'

/** `inverse` is no colour, so the cursor stays under NO_COLOR. */
export function Line({
  pieces,
  width,
  colors,
  inverse = false,
}: {
  pieces: Row
  width: number
  colors: boolean
  inverse?: boolean
}): ReactNode {
  const fitted = fitRow(pieces, width)
  return (
    <Text inverse={inverse} wrap="truncate">
      {fitted.map(({ text, color, background, bold = false, dim = false, inverse: own = false }, i) => (
        <Text
          key={i}
          bold={bold}
          dimColor={dim}
          inverse={own || inverse}
          {...(colors && color !== undefined && { color })}
          {...(colors && background !== undefined && { backgroundColor: background })}
        >
          {text}
        </Text>
      ))}
    </Text>
  )
}
