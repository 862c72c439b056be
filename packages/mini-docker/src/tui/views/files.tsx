/** Right: the files of the chosen layer, or of all layers up to it. */
import {
  describeLink,
  describeMode,
  fill,
  fillStart,
  formatSize,
  MARKS,
  printable,
  type Change,
} from '@mini-docker/image/inspect'
import type { ReactNode } from 'react'
import type { Layout } from '../layout.ts'
import type { FileRow } from '../rows.ts'
import { chosenLayer, type ScreenState } from '../state.ts'
import { SCREEN_WORDS, type ScreenWords } from '../words.ts'
import type { Piece } from '../shared/pieces.ts'
import { Pane } from '../shared/pane.tsx'

const COLORS: Record<Change, string | undefined> = {
  added: 'green',
  changed: 'yellow',
  removed: 'red',
  kept: undefined,
}

/** From here on there is room for mode and owner, and still 40 columns for names. */
const DETAILS_FROM = 75

export function FilesPane({ state, layout }: { state: ScreenState; layout: Layout }): ReactNode {
  const words = SCREEN_WORDS[state.language]
  const layer = chosenLayer(state)
  const detailed = layout.fileColumns >= DETAILS_FROM
  const layerColumns = state.aggregated ? String(state.layers.length).length + 1 : 0
  return (
    <Pane
      title={titleOf(state, words, layer + 1)}
      width={layout.fileColumns}
      height={layout.bodyRows}
      colors={state.colors}
      focused={state.pane === 'files'}
      position={state.positions.files}
      items={state.files}
      line={(row) => fileLine(row, words, detailed, layerColumns)}
      empty={emptyText(state, words)}
    />
  )
}

function titleOf({ aggregated, filter, typing }: ScreenState, words: ScreenWords, layer: number): string {
  const title = aggregated ? words.filesUpTo(layer) : words.filesOf(layer)
  return filter === '' && !typing ? title : `${title}  ${words.filter}: ${printable(filter)}${typing ? '_' : ''}`
}

function emptyText({ tree, layers, positions, filter, failure }: ScreenState, words: ScreenWords): string {
  if (tree !== undefined) return filter === '' ? words.noFiles : words.noMatch
  return failure === undefined ? words.reading(layers[positions.layers.cursor]?.entries.length ?? 0) : ''
}

function fileLine(
  { node, depth, isOpen }: FileRow,
  words: ScreenWords,
  detailed: boolean,
  layerColumns: number,
): Piece[] {
  const { entry, change, layer } = node
  const color = COLORS[change]
  const style = { ...(color !== undefined && { color }), ...(change === 'kept' && { dim: true }) }
  const fold = node.children === undefined ? '  ' : isOpen ? '- ' : '+ '
  const slash = node.children !== undefined || entry?.type === 'directory' ? '/' : ''
  const removed = entry?.files === undefined ? '' : ` ${words.removedFiles(entry.files)}`
  const mode = entry === undefined ? '' : describeMode(entry)
  const owner = entry === undefined ? '' : `${entry.uid}:${entry.gid}`
  return [
    { text: MARKS[change], ...style },
    ' ',
    ...(layerColumns > 0 ? [{ text: `${String(layer + 1)} `.padStart(layerColumns), dim: true }] : []),
    ...(detailed ? [`${fill(mode, 10)} ${fillStart(owner, 9)} `] : []),
    `${fillStart(formatSize(node.bytes), 7)}  ${'  '.repeat(depth)}${fold}`,
    { text: `${printable(node.name)}${slash}`, ...style },
    entry === undefined ? '' : describeLink(entry),
    removed,
  ]
}
