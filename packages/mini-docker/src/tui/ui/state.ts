/** All that the dashboard shows, as one value: made by `reduce` from what the daemon tells and from keys; views are functions of it. */
import type { Language } from '../../faces/explain.ts'
import type { Usage } from '../../format/stats.ts'
import { TOP, type Position } from '../shared/layout.ts'
import type { ActionId } from './actions.ts'
import { SECTIONS, type Item, type Items, type Section } from './items.ts'
import type { ThemeName } from './themes.ts'

/** What the right side can show of the chosen thing, per section. */
export const TABS = {
  containers: ['logs', 'stats', 'top', 'config', 'inspect', 'kernel'],
  images: ['layers', 'inspect'],
  networks: ['map', 'all', 'inspect'],
  volumes: ['users', 'inspect'],
  events: ['event'],
} as const satisfies Record<Section, readonly string[]>
export type Tab = (typeof TABS)[Section][number]

export type Connection =
  | { kind: 'connecting'; where: string }
  | { kind: 'open'; where: string; version: string }
  | { kind: 'lost'; where: string; message: string }

/** One list: what is seen of it and in which order. `chosen` keeps its place when the list changes. */
export type List = Position & {
  chosen: string | undefined
  filter: string
  sort: string
  isReversed: boolean
  marked: ReadonlySet<string>
  /** IDs in the order shown. */
  shown: readonly string[]
}

export type Sample = Usage & { at: number }

/** What is shown of the chosen thing. `key` says of what, so that an answer that comes late is known as such. */
export type Detail = {
  key: string
  status: 'loading' | 'ready' | 'failed'
  message: string
  /** Logs grow in place; `version` tells that they did. */
  lines: string[]
  /** The parsed answer: inspect, top, history. */
  data: unknown
  /** Lines that came too fast to be kept, or are too old. */
  skipped: number
  top: number
  left: number
  isFollowing: boolean
  /** The line that the search is at. */
  match: number | undefined
}

export type Dialog =
  | { kind: 'confirm'; action: ActionId; targets: readonly string[]; names: readonly string[] }
  | { kind: 'input'; action: ActionId; targets: readonly string[]; value: string }
  | { kind: 'palette'; query: string; cursor: number }
  | { kind: 'help'; top: number }

export type UiState = {
  language: Language
  theme: ThemeName
  columns: number
  rows: number
  connection: Connection
  items: Items
  /** Which lists have come at least once. */
  known: ReadonlySet<Section>
  lists: Record<Section, List>
  section: Section
  tabs: Record<Section, Tab>
  focus: 'list' | 'detail'
  isZoomed: boolean
  /** Containers that do not run are shown too. */
  isAll: boolean
  isWrapped: boolean
  hasTimes: boolean
  isMouse: boolean
  detail: Detail
  /** Of containers that are or were seen, oldest sample first. */
  usage: ReadonlyMap<string, readonly Sample[]>
  typing: 'filter' | 'search' | undefined
  search: string
  dialog: Dialog | undefined
  notice: { text: string; isBad: boolean } | undefined
  /** What is being done now, in words. */
  doing: readonly string[]
  /** Milliseconds since 1970, at the last change. */
  now: number
}

export type Start = Pick<UiState, 'language' | 'theme' | 'columns' | 'rows' | 'now'> & { where: string }

export const NO_DETAIL: Detail = {
  key: '',
  status: 'loading',
  message: '',
  lines: [],
  data: undefined,
  skipped: 0,
  top: 0,
  left: 0,
  isFollowing: true,
  match: undefined,
}

const FIRST_SORT: Record<Section, string> = {
  containers: 'name',
  images: 'name',
  networks: 'name',
  volumes: 'name',
  events: 'time',
}

export function startState({ language, theme, columns, rows, now, where }: Start): UiState {
  const list = (section: Section): List => ({
    ...TOP,
    chosen: undefined,
    filter: '',
    sort: FIRST_SORT[section],
    isReversed: section === 'events',
    marked: new Set(),
    shown: [],
  })
  return {
    language,
    theme,
    columns,
    rows,
    connection: { kind: 'connecting', where },
    items: { containers: [], images: [], networks: [], volumes: [], events: [] },
    known: new Set(),
    lists: Object.fromEntries(SECTIONS.map((section) => [section, list(section)])) as Record<Section, List>,
    section: 'containers',
    tabs: { containers: 'logs', images: 'layers', networks: 'map', volumes: 'users', events: 'event' },
    focus: 'list',
    isZoomed: false,
    isAll: true,
    isWrapped: false,
    hasTimes: false,
    isMouse: true,
    detail: NO_DETAIL,
    usage: new Map(),
    typing: undefined,
    search: '',
    dialog: undefined,
    notice: undefined,
    doing: [],
    now,
  }
}

export function listOf({ lists, section }: UiState): List {
  return lists[section]
}

export function tabOf({ tabs, section }: UiState): Tab {
  return tabs[section]
}

/** The thing that the cursor is on. */
export function chosenItem(state: UiState): Item | undefined {
  const { chosen } = listOf(state)
  return chosen === undefined ? undefined : itemOf(state, state.section, chosen)
}

export function itemOf(state: UiState, section: Section, id: string): Item | undefined {
  return indexOf(state.items[section]).get(id)
}

/** What an action is done to: the marked rows, or else the chosen one. */
export function targetsOf(state: UiState): Item[] {
  const { marked, shown, chosen } = listOf(state)
  const ids = marked.size > 0 ? shown.filter((id) => marked.has(id)) : chosen === undefined ? [] : [chosen]
  return ids.flatMap((id) => itemOf(state, state.section, id) ?? [])
}

/** Names what is shown on the right, and so what has to be asked from the daemon. */
export function detailKey(state: UiState): string {
  const { chosen } = listOf(state)
  const tab = tabOf(state)
  if (tab === 'all') return 'networks/all/'
  return chosen === undefined ? '' : `${state.section}/${tab}/${chosen}`
}

const indexes = new WeakMap<readonly Item[], Map<string, Item>>()

/** By ID; made once for each list. */
function indexOf(items: readonly Item[]): Map<string, Item> {
  let index = indexes.get(items)
  if (index === undefined) {
    index = new Map(items.map((item) => [item.id, item]))
    indexes.set(items, index)
  }
  return index
}
