/** All that the screen of `image tree` shows, as one value: views are functions of it, tests build it by hand. */
import type { ImageHead, Language, LayerCounts, LayerHead, Totals, TreeEntry } from '@mini-docker/image/inspect'
import type { FileTree } from './file-tree.ts'
import type { FileRow } from './rows.ts'
import { TOP, type Position } from './shared/layout.ts'

export const PANES = ['layers', 'files', 'wasted'] as const
export type Pane = (typeof PANES)[number]

export type LayerState = {
  head: LayerHead
  entries: TreeEntry[]
  /** Undefined while its files are still being read. */
  counts: LayerCounts | undefined
}

export type ScreenState = {
  language: Language
  /** False under NO_COLOR: marks tell all that colours tell. */
  colors: boolean
  columns: number
  rows: number
  image: ImageHead | undefined
  layers: LayerState[]
  totals: Totals | undefined
  /** What ended the reading before its end. */
  failure: string | undefined
  pane: Pane
  positions: Record<Pane, Position>
  aggregated: boolean
  filter: string
  /** True while keys go into the filter. */
  typing: boolean
  /** Directories that are not as they begin: see `visibleRows`. */
  toggled: ReadonlySet<string>
  /** Of the chosen layer; undefined until it is read. */
  tree: FileTree | undefined
  files: FileRow[]
}

export type Start = Pick<ScreenState, 'language' | 'colors' | 'columns' | 'rows'> & { layer?: number; pane?: Pane }

export function startState({ language, colors, columns, rows, layer = 0, pane = 'layers' }: Start): ScreenState {
  return {
    language,
    colors,
    columns,
    rows,
    image: undefined,
    layers: [],
    totals: undefined,
    failure: undefined,
    pane,
    positions: { layers: { cursor: layer, top: 0 }, files: TOP, wasted: TOP },
    aggregated: false,
    filter: '',
    typing: false,
    toggled: new Set(),
    tree: undefined,
    files: [],
  }
}

/** The layer whose files are shown. */
export function chosenLayer({ positions }: ScreenState): number {
  return positions.layers.cursor
}
