/** What happens to the dashboard: answers of the daemon, and what keys mean. Pure. */
import { between, scrolled } from '../shared/layout.ts'
import { arranged } from './columns.ts'
import { contentOf, matchesOf } from './content.ts'
import { SECTIONS, withUsers, type Items, type LoggedEvent, type Section } from './items.ts'
import { layoutOf, visibleItems, visibleLines } from './layout.ts'
import type { LogNews } from './logs.ts'
import {
  chosenItem,
  detailKey,
  itemOf,
  listOf,
  NO_DETAIL,
  tabOf,
  type Connection,
  type Detail,
  type Dialog,
  type List,
  type Sample,
  type UiState,
} from './state.ts'
import { WORDS } from './words.ts'

export type Change =
  | { kind: 'connection'; connection: Connection }
  | { kind: 'items'; items: Partial<Omit<Items, 'events'>> }
  | { kind: 'events'; events: readonly LoggedEvent[] }
  | { kind: 'samples'; samples: ReadonlyArray<readonly [id: string, sample: Sample]> }
  | { kind: 'log'; key: string; news: LogNews }
  | { kind: 'detail'; key: string; detail: Partial<Pick<Detail, 'status' | 'message' | 'lines' | 'data'>> }
  | { kind: 'doing'; text: string; isOver: boolean }
  | { kind: 'notice'; text: string; isBad: boolean }
  | { kind: 'resize'; columns: number; rows: number }
  | { kind: 'time'; now: number }

/** As many samples as the widest chart has columns. */
const KEPT_SAMPLES = 300
const KEPT_EVENTS = 2000
export const KEPT_LOG_LINES = 20_000

export function reduce(state: UiState, change: Change): UiState {
  switch (change.kind) {
    case 'connection':
      return { ...state, connection: change.connection }
    case 'items':
      return withItems(state, change.items)
    case 'events': {
      const events = [...state.items.events, ...change.events].slice(-KEPT_EVENTS)
      const known = new Set([...state.known, 'events' as const])
      return rearranged({ ...state, known, items: { ...state.items, events } }, 'events')
    }
    case 'samples': {
      const usage = new Map(state.usage)
      for (const [id, sample] of change.samples)
        usage.set(id, [...(usage.get(id) ?? []).slice(1 - KEPT_SAMPLES), sample])
      const { sort } = state.lists.containers
      const next = { ...state, usage }
      return sort === 'cpu' || sort === 'memory' ? rearranged(next, 'containers') : next
    }
    case 'log':
      return change.key === state.detail.key ? withLog(state, change.news) : state
    case 'detail':
      return change.key === state.detail.key
        ? clamped({ ...state, detail: { ...state.detail, ...change.detail } })
        : state
    case 'doing':
      return { ...state, doing: change.isOver ? without(state.doing, change.text) : [...state.doing, change.text] }
    case 'notice':
      return { ...state, notice: { text: change.text, isBad: change.isBad } }
    case 'resize': {
      const next = { ...state, columns: change.columns, rows: change.rows }
      return clamped(SECTIONS.reduce((all, section) => moveIn(all, section, all.lists[section].cursor), next))
    }
    case 'time':
      return { ...state, now: change.now }
  }
}

function withItems(state: UiState, items: Partial<Omit<Items, 'events'>>): UiState {
  const all = withUsers({ ...state.items, ...items })
  const known = new Set([...state.known, ...(Object.keys(items) as Section[])])
  let next: UiState = { ...state, items: all, known }
  if (items.containers !== undefined) {
    const ids = new Set(items.containers.map(({ id }) => id))
    next = { ...next, usage: new Map([...state.usage].filter(([id]) => ids.has(id))) }
  }
  const before = chosenItem(state)
  next = SECTIONS.reduce((one, section) => (section === 'events' ? one : rearranged(one, section)), next)
  const isGone =
    before !== undefined && state.section !== 'events' && itemOf(next, state.section, before.id) === undefined
  return isGone ? goneFrom(next, before.name) : next
}

/** What is shown now is another thing: nobody shall take it for the one that was looked at. */
function goneFrom(state: UiState, name: string): UiState {
  const notice = { text: `${name}: ${WORDS[state.language].gone}`, isBad: false }
  return clamped(moveIn({ ...state, isZoomed: false, focus: 'list', notice }, state.section, listOf(state).cursor))
}

/** The list anew; the cursor stays on its thing, or where that was. */
export function rearranged(state: UiState, section: Section): UiState {
  const list = state.lists[section]
  const shown = arranged(state, section)
  const at = list.chosen === undefined ? -1 : shown.indexOf(list.chosen)
  const there = new Set(shown)
  const marked = list.marked.size === 0 ? list.marked : new Set([...list.marked].filter((id) => there.has(id)))
  // The newest event is looked at, until one moves away from it.
  const follows = section === 'events' && list.cursor === 0 && list.isReversed === (list.sort === 'time')
  const next = withList(state, section, { ...list, shown, marked })
  return moveIn(next, section, at === -1 || follows ? list.cursor : at)
}

export function withList(state: UiState, section: Section, list: List): UiState {
  return { ...state, lists: { ...state.lists, [section]: list } }
}

/** The cursor of a list to a line, which is then seen; the right side follows. */
export function moveIn(state: UiState, section: Section, wanted: number): UiState {
  const list = state.lists[section]
  const count = list.shown.length
  const cursor = between(0, Math.min(wanted, count - 1), Math.max(0, count - 1))
  const top = scrolled(list.top, cursor, count, visibleItems(state))
  const chosen = list.shown[cursor]
  return withDetail(withList(state, section, { ...list, cursor, top, chosen }))
}

/** Another thing is chosen, or another tab: what was shown of the last one goes. */
export function withDetail(state: UiState): UiState {
  const key = detailKey(state)
  if (key === state.detail.key) return state
  const isDrawn = ['map', 'all', 'users', 'stats'].includes(tabOf(state))
  return { ...state, detail: { ...NO_DETAIL, lines: [], key, status: isDrawn ? 'ready' : 'loading' } }
}

/** Thousands of lines: they are appended in place, and the oldest go in one piece. */
function withLog(state: UiState, { lines, skipped }: LogNews): UiState {
  const { detail } = state
  let lost = 0
  if (skipped > 0) {
    lost = detail.lines.length
    detail.lines.length = 0
  }
  for (const line of lines) detail.lines.push(line)
  const over = detail.lines.length - KEPT_LOG_LINES
  if (over > 0) {
    detail.lines.splice(0, over + KEPT_LOG_LINES / 10)
    lost += over + KEPT_LOG_LINES / 10
  }
  const next: Detail = { ...detail, status: 'ready', skipped: detail.skipped + skipped + lost }
  // The line that was first on the screen stays there, while it is kept.
  const top = Math.max(0, detail.top - lost)
  const match = detail.match === undefined || detail.match < lost ? undefined : detail.match - lost
  return clamped({ ...state, detail: { ...next, top, match } })
}

/** First line and following fit to what there is. */
export function clamped(state: UiState): UiState {
  if (tabOf(state) === 'stats') return state
  const { detail } = state
  const most = lastTop(state)
  const top = detail.isFollowing && tabOf(state) === 'logs' ? most : between(0, Math.min(detail.top, most), most)
  return top === detail.top ? state : { ...state, detail: { ...detail, top } }
}

export function lastTop(state: UiState): number {
  return Math.max(0, lineCount(state) - visibleLines(state))
}

export function lineCount(state: UiState): number {
  return tabOf(state) === 'logs'
    ? state.detail.lines.length + (state.detail.skipped > 0 ? 1 : 0)
    : contentOf(state, layoutOf(state).detailColumns).count
}

export function scrollTo(state: UiState, wanted: number): UiState {
  const most = lastTop(state)
  const top = between(0, Math.min(wanted, most), most)
  return { ...state, detail: { ...state.detail, top, isFollowing: tabOf(state) === 'logs' && top >= most } }
}

/** What a search finds first, while it is typed: the newest line of a log, the first of everything else. */
export function toFirstMatch(state: UiState): UiState {
  return toMatch({ ...state, detail: { ...state.detail, match: undefined } }, tabOf(state) === 'logs' ? -1 : 1, true)
}

/** To the next line with the text, or the one before; round at the ends. */
export function toMatch(state: UiState, direction: 1 | -1, isFirst = false): UiState {
  const matches = matchesOf(state, contentOf(state, layoutOf(state).detailColumns))
  if (matches.length === 0) return { ...state, detail: { ...state.detail, match: undefined } }
  const { match, top, isFollowing } = state.detail
  const edge = direction === -1 ? Number.MAX_SAFE_INTEGER : -1
  const here = match ?? (isFirst || isFollowing ? edge : top - 1)
  const next =
    direction === 1
      ? (matches.find((line) => line > here) ?? matches[0])
      : (matches.findLast((line) => line < here) ?? matches.at(-1))
  if (next === undefined) return state
  const height = visibleLines(state)
  const isSeen = next >= top && next < top + height
  const wanted = isSeen ? top : next - Math.floor(height / 2)
  const most = lastTop(state)
  const at = between(0, Math.min(wanted, most), most)
  return { ...state, detail: { ...state.detail, match: next, top: at, isFollowing: false } }
}

export function withDialog(state: UiState, dialog: Dialog | undefined): UiState {
  return { ...state, dialog, notice: undefined }
}

function without(texts: readonly string[], text: string): string[] {
  const at = texts.indexOf(text)
  return at === -1 ? [...texts] : texts.toSpliced(at, 1)
}
