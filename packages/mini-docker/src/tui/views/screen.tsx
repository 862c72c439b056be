/** The whole screen: a line about the image, two panes beside each other, one below, a line of keys. */
import { columnsOf, describeDigest, formatSize } from '@mini-docker/image/inspect'
import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { layoutOf, type Layout } from '../layout.ts'
import type { ScreenState } from '../state.ts'
import { SCREEN_WORDS, type KeyHelp } from '../words.ts'
import { Line } from '../shared/line.tsx'
import type { Piece } from '../shared/pieces.ts'
import { FilesPane } from './files.tsx'
import { LayersPane } from './layers.tsx'
import { WastedPane } from './wasted.tsx'

export function Screen({ state }: { state: ScreenState }): ReactNode {
  const layout = layoutOf(state)
  return (
    <Box flexDirection="column" width={layout.columns} height={layout.rows}>
      <Line pieces={about(state)} width={layout.columns} colors={state.colors} />
      <Box>
        <LayersPane state={state} layout={layout} />
        <Divider layout={layout} />
        <FilesPane state={state} layout={layout} />
      </Box>
      <WastedPane state={state} layout={layout} />
      <Line pieces={keys(state)} width={layout.columns} colors={state.colors} />
    </Box>
  )
}

function Divider({ layout }: { layout: Layout }): ReactNode {
  return (
    <Box flexDirection="column" width={1} height={layout.bodyRows}>
      <Text dimColor>{Array.from({ length: layout.bodyRows }, () => '│').join('\n')}</Text>
    </Box>
  )
}

function about({ image, totals, failure }: ScreenState): Piece[] {
  if (failure !== undefined) return [{ text: failure, color: 'red', bold: true }]
  if (image === undefined) return ['…']
  const size = totals === undefined ? formatSize(image.size) : formatSize(totals.storedBytes)
  return [
    { text: image.names.join(' ') || describeDigest(image.id), bold: true },
    `  ${describeDigest(image.id)}  ${size}`,
  ]
}

function keys({ language, typing, columns }: ScreenState): Piece[] {
  const words = SCREEN_WORDS[language]
  const sets = typing ? [words.typingKeys] : words.keys
  const fits = (set: readonly KeyHelp[]): boolean =>
    columnsOf(set.map(([key, what]) => `${key} ${what}`).join(BETWEEN)) <= columns
  const shown = sets.find(fits) ?? sets.at(-1) ?? []
  return shown.flatMap(([key, what], i): Piece[] => [
    i === 0 ? '' : BETWEEN,
    { text: key, bold: true, color: 'cyan' },
    ` ${what}`,
  ])
}

const BETWEEN = '  '
