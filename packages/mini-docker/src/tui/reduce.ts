/** What happens to the screen: pieces of the tree that arrive, keys, another size. Pure. */
import type { TreeEvent } from '@mini-docker/image/inspect'
import { fileTree } from './file-tree.ts'
import { layoutOf } from './layout.ts'
import { parentRow, visibleRows } from './rows.ts'
import { scrolled, TOP, type Position } from './shared/layout.ts'
import { chosenLayer, PANES, type Pane, type ScreenState } from './state.ts'

export type Action =
  | { kind: 'event'; event: TreeEvent }
  | { kind: 'failed'; message: string }
  | { kind: 'resize'; columns: number; rows: number }
  /** Lines down; negative is up. */
  | { kind: 'move'; by: number }
  | { kind: 'page'; by: 1 | -1 }
  | { kind: 'edge'; to: 'start' | 'end' }
  | { kind: 'pane'; by: 1 | -1 }
  | { kind: 'toggle' }
  | { kind: 'open' }
  | { kind: 'close' }
  | { kind: 'aggregate' }
  | { kind: 'filter'; text: string; typing: boolean }

export function reduce(state: ScreenState, action: Action): ScreenState {
  switch (action.kind) {
    case 'event':
      return receive(state, action.event)
    case 'failed':
      return { ...state, failure: action.message }
    case 'resize':
      return PANES.reduce((next, pane) => moveTo(next, pane, next.positions[pane].cursor), {
        ...state,
        columns: action.columns,
        rows: action.rows,
      })
    case 'move':
      return moveTo(state, state.pane, state.positions[state.pane].cursor + action.by)
    case 'page':
      return moveTo(state, state.pane, state.positions[state.pane].cursor + action.by * visibleLines(state, state.pane))
    case 'edge':
      return moveTo(state, state.pane, action.to === 'start' ? 0 : Number.MAX_SAFE_INTEGER)
    case 'pane':
      return { ...state, pane: PANES.at((PANES.indexOf(state.pane) + action.by) % PANES.length) ?? 'layers' }
    case 'toggle':
    case 'open':
    case 'close':
      return fold(state, action.kind)
    case 'aggregate':
      return withTree({ ...state, aggregated: !state.aggregated })
    case 'filter': {
      const { text, typing } = action
      if (text === state.filter) return { ...state, typing }
      return withRows({ ...state, filter: text, typing, pane: 'files', positions: { ...state.positions, files: TOP } })
    }
  }
}

function receive(state: ScreenState, event: TreeEvent): ScreenState {
  switch (event.kind) {
    case 'image': {
      const { layers } = event.image
      const empty = layers.map((head) => ({ head, entries: [], counts: undefined }))
      return moveTo({ ...state, image: event.image, layers: empty }, 'layers', chosenLayer(state))
    }
    case 'entries': {
      // A hundred thousand of them come in pieces: to copy the list for each would cost more than all the rest.
      state.layers[event.layer]?.entries.push(...event.entries)
      return event.layer === chosenLayer(state) ? { ...state } : state
    }
    case 'layer': {
      const layers = state.layers.map((layer, i) => (i === event.layer ? { ...layer, counts: event.counts } : layer))
      const next = { ...state, layers }
      return event.layer === chosenLayer(state) ? withTree(next) : next
    }
    case 'totals':
      return { ...state, totals: event.totals }
  }
}

/** Another layer, or another way to look at it. */
function withTree(state: ScreenState): ScreenState {
  const chosen = chosenLayer(state)
  // All layers below are read before this one is.
  if (state.layers[chosen]?.counts === undefined) return { ...state, tree: undefined, files: [] }
  const entries = state.layers.map((layer) => layer.entries)
  const tree = fileTree(entries, chosen, state.aggregated)
  return withRows({ ...state, tree, positions: { ...state.positions, files: TOP } })
}

function withRows(state: ScreenState): ScreenState {
  const files = state.tree === undefined ? [] : visibleRows(state.tree, state.toggled, state.filter)
  return moveTo({ ...state, files }, 'files', state.positions.files.cursor)
}

function fold(state: ScreenState, how: 'toggle' | 'open' | 'close'): ScreenState {
  if (state.pane !== 'files') return how === 'open' && state.pane === 'layers' ? { ...state, pane: 'files' } : state
  const { cursor } = state.positions.files
  const row = state.files[cursor]
  if (row === undefined) return state
  const isDirectory = row.node.children !== undefined
  if (how === 'close' && !(isDirectory && row.isOpen)) return leave(state, cursor)
  if (!isDirectory || (how === 'open' && row.isOpen)) return state
  const toggled = new Set(state.toggled)
  if (!toggled.delete(row.node.path)) toggled.add(row.node.path)
  return withRows({ ...state, toggled })
}

/** To the directory above; from the top to the layers. */
function leave(state: ScreenState, cursor: number): ScreenState {
  const parent = parentRow(state.files, cursor)
  return parent === cursor ? { ...state, pane: 'layers' } : moveTo(state, 'files', parent)
}

function moveTo(state: ScreenState, pane: Pane, wanted: number): ScreenState {
  const count = linesOf(state, pane)
  const cursor = Math.max(0, Math.min(wanted, count - 1))
  const before = state.positions[pane]
  const position: Position = { cursor, top: scrolled(before.top, cursor, count, visibleLines(state, pane)) }
  const next = { ...state, positions: { ...state.positions, [pane]: position } }
  return pane === 'layers' && (cursor !== before.cursor || state.tree === undefined) ? withTree(next) : next
}

function linesOf(state: ScreenState, pane: Pane): number {
  if (pane === 'layers') return state.layers.length
  return pane === 'files' ? state.files.length : (state.totals?.wasted.length ?? 0)
}

/** Without the title. */
function visibleLines(state: ScreenState, pane: Pane): number {
  const { bodyRows, wastedRows } = layoutOf(state)
  return Math.max(1, (pane === 'wasted' ? wastedRows : bodyRows) - 1)
}
