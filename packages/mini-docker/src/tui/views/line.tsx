/** One line of a pane, exactly as wide as the pane: pieces of text, some with a colour. */
import { cut, columnsOf } from '@mini-docker/image/inspect'
import { Text } from 'ink'
import type { ReactNode } from 'react'

export type Style = { color?: string; bold?: boolean; dim?: boolean; inverse?: boolean }
export type Piece = string | ({ text: string } & Style)

/** `inverse` is no colour, so the cursor stays under NO_COLOR. */
export function Line({
  pieces,
  width,
  colors,
  inverse = false,
}: {
  pieces: readonly Piece[]
  width: number
  colors: boolean
  inverse?: boolean
}): ReactNode {
  const fitted = fit(pieces, width)
  return (
    <Text inverse={inverse} wrap="truncate">
      {fitted.map(({ text, color, bold = false, dim = false, inverse: own = false }, i) => (
        <Text
          key={i}
          bold={bold}
          dimColor={dim}
          inverse={own || inverse}
          {...(colors && color !== undefined && { color })}
        >
          {text}
        </Text>
      ))}
    </Text>
  )
}

type Fitted = { text: string } & Style

function fit(pieces: readonly Piece[], width: number): Fitted[] {
  const fitted: Fitted[] = []
  let left = width
  for (const piece of pieces) {
    const whole = typeof piece === 'string' ? { text: piece } : piece
    const text = cut(whole.text, left)
    if (text === '') continue
    fitted.push({ ...whole, text })
    left -= columnsOf(text)
    if (text !== whole.text) break
  }
  return left > 0 ? [...fitted, { text: ' '.repeat(left) }] : fitted
}
