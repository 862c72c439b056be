/** A titled list of which only a screenful is drawn, however long it is. */
import { Box } from 'ink'
import type { ReactNode } from 'react'
import type { Position } from './layout.ts'
import { Line } from './line.tsx'
import type { Piece } from './pieces.ts'

export type PaneProps<T> = {
  title: string
  width: number
  /** With the title. */
  height: number
  colors: boolean
  /** Keys go here. */
  focused: boolean
  position: Position
  items: readonly T[]
  /** The pieces of an item's line, without the cursor's mark. */
  line: (item: T, index: number) => Piece[]
  /** Said where there is nothing. */
  empty: string
}

export function Pane<T>({
  title,
  width,
  height,
  colors,
  focused,
  position,
  items,
  line,
  empty,
}: PaneProps<T>): ReactNode {
  const shown = items.slice(position.top, position.top + height - 1)
  const counter = items.length > height - 1 ? ` ${position.cursor + 1}/${items.length}` : ''
  const heading: Piece[] = [
    { text: `${focused ? '> ' : '  '}${title}${counter}`, bold: true, ...(focused && { color: 'cyan' }) },
  ]
  return (
    <Box flexDirection="column" width={width} height={height}>
      <Line pieces={heading} width={width} colors={colors} />
      {shown.map((item, i) => {
        const index = position.top + i
        const isChosen = index === position.cursor
        const mark = isChosen ? '>' : ' '
        return (
          <Line
            key={index}
            pieces={[`${mark} `, ...line(item, index)]}
            width={width}
            colors={colors}
            inverse={isChosen && focused}
          />
        )
      })}
      {items.length === 0 && <Line pieces={['  ', { text: empty, dim: true }]} width={width} colors={colors} />}
    </Box>
  )
}
