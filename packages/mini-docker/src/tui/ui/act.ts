/** What an action does to the state, and what it asks for outside. Pure. */
import { ACTIONS, isPossible, labelOf, type ActionId } from './actions.ts'
import { COLUMNS } from './columns.ts'
import type { Section } from './items.ts'
import { visibleItems, visibleLines } from './layout.ts'
import { clamped, moveIn, rearranged, scrollTo, toMatch, withDetail, withDialog, withList } from './reduce.ts'
import { listOf, TABS, tabOf, targetsOf, type UiState } from './state.ts'
import { THEMES } from './themes.ts'
import { WORDS } from './words.ts'

/** `do`: something asked from the daemon, or a program that gets the terminal for a while. */
export type Effect =
  | { kind: 'quit' }
  | { kind: 'refresh' }
  | { kind: 'mouse' }
  | { kind: 'do'; action: ActionId; section: Section; targets: readonly string[]; value: string }

export type Pressed = { state: UiState; effect?: Effect }

/** An action that was chosen by its key or in the palette. */
export function act(state: UiState, action: ActionId): Pressed {
  const moved = movement(state, action) ?? viewed(state, action)
  if (moved !== undefined) return { state: moved }
  if (action === 'quit' || action === 'refresh') return { state, effect: { kind: action } }
  if (action === 'mouse') return { state: { ...state, isMouse: !state.isMouse }, effect: { kind: 'mouse' } }
  return toDo(state, action)
}

/** What the daemon does: at once, or after a question. Only those of the marked that it can be done to. */
function toDo(state: UiState, action: ActionId): Pressed {
  const { section, language } = state
  const spec = ACTIONS[action]
  const all = targetsOf(state)
  if (!isPossible(action, section, all)) {
    return { state: { ...state, notice: { text: WORDS[language].notFor(labelOf(action, language)), isBad: true } } }
  }
  const fitting = spec.needs === undefined ? [] : all.filter((item) => spec.isFor?.(item) !== false)
  const items = spec.needs === 'one' ? fitting.slice(0, 1) : fitting
  const targets = items.map(({ id }) => id)
  const names = items.map(({ name }) => name)
  if (spec.isAsked === true) return { state: withDialog(state, { kind: 'confirm', action, targets, names }) }
  if (spec.hasInput === true) {
    const value = action === 'rename' ? (names[0] ?? '') : action === 'run' ? `-d ${names[0] ?? ''}` : ''
    return { state: withDialog(state, { kind: 'input', action, targets, value }) }
  }
  return { state: unmarked(state), effect: { kind: 'do', action, section, targets, value: '' } }
}

/** After an action on many the marks have done their work. */
export function unmarked(state: UiState): UiState {
  return listOf(state).marked.size === 0
    ? state
    : withList(state, state.section, { ...listOf(state), marked: new Set() })
}

function movement(state: UiState, action: ActionId): UiState | undefined {
  const page = state.focus === 'detail' || state.isZoomed ? visibleLines(state) : visibleItems(state)
  switch (action) {
    case 'up':
      return moved(state, -1)
    case 'down':
      return moved(state, 1)
    case 'page-up':
      return moved(state, -page)
    case 'page-down':
      return moved(state, page)
    case 'first':
      return moved(state, -Number.MAX_SAFE_INTEGER)
    case 'last':
      return moved(state, Number.MAX_SAFE_INTEGER)
    case 'left':
    case 'right': {
      const left = Math.max(0, state.detail.left + (action === 'right' ? 8 : -8))
      return { ...state, detail: { ...state.detail, left } }
    }
    case 'next-tab':
      return turned(state, 1)
    case 'previous-tab':
      return turned(state, -1)
    case 'containers':
    case 'images':
    case 'networks':
    case 'volumes':
    case 'events':
      return toSection(state, action)
    default:
      return undefined
  }
}

function moved(state: UiState, by: number): UiState {
  if (state.focus === 'detail' || state.isZoomed) return scrollTo(state, state.detail.top + by)
  return moveIn(state, state.section, listOf(state).cursor + by)
}

function turned(state: UiState, by: number): UiState {
  const tabs: readonly string[] = TABS[state.section]
  const tab = tabs.at((tabs.indexOf(tabOf(state)) + by) % tabs.length) ?? tabs[0]
  return withDetail({ ...state, tabs: { ...state.tabs, [state.section]: tab } })
}

export function toSection(state: UiState, section: Section): UiState {
  return withDetail({ ...state, section, focus: 'list', isZoomed: false })
}

function viewed(state: UiState, action: ActionId): UiState | undefined {
  const list = listOf(state)
  switch (action) {
    case 'focus':
      return { ...state, focus: state.focus === 'list' ? 'detail' : 'list', isZoomed: false }
    case 'zoom':
      return resized({ ...state, isZoomed: !state.isZoomed, focus: state.isZoomed ? state.focus : 'detail' })
    case 'find':
      return { ...state, typing: state.focus === 'detail' || state.isZoomed ? 'search' : 'filter' }
    case 'next':
      return toMatch(state, 1)
    case 'previous':
      return toMatch(state, -1)
    case 'sort': {
      const ids = COLUMNS[state.section].map(({ id }) => id)
      const sort = ids[(ids.indexOf(list.sort) + 1) % ids.length] ?? list.sort
      return rearranged(withList(state, state.section, { ...list, sort, isReversed: false }), state.section)
    }
    case 'reverse':
      return rearranged(withList(state, state.section, { ...list, isReversed: !list.isReversed }), state.section)
    case 'all':
      return rearranged({ ...state, isAll: !state.isAll }, 'containers')
    case 'mark':
      return marked(state)
    case 'mark-all':
      return withList(state, state.section, {
        ...list,
        marked: new Set(list.marked.size < list.shown.length ? list.shown : []),
      })
    case 'wrap':
      return clamped({ ...state, isWrapped: !state.isWrapped, detail: { ...state.detail, left: 0 } })
    case 'times':
      return { ...state, hasTimes: !state.hasTimes }
    case 'theme': {
      const theme = THEMES[(THEMES.indexOf(state.theme) + 1) % THEMES.length] ?? 'dark'
      return { ...state, theme, notice: { text: WORDS[state.language].theme(theme), isBad: false } }
    }
    case 'language':
      return { ...state, language: state.language === 'en' ? 'ja' : 'en' }
    case 'back':
      return back(state)
    case 'palette':
      return withDialog(state, { kind: 'palette', query: '', cursor: 0 })
    case 'help':
      return withDialog(state, { kind: 'help', top: 0 })
    default:
      return undefined
  }
}

function resized(state: UiState): UiState {
  return clamped(moveIn(state, state.section, listOf(state).cursor))
}

/** One thing at a time: the full screen, the search, the other pane, marks, the filter. */
function back(state: UiState): UiState {
  const list = listOf(state)
  if (state.isZoomed) return resized({ ...state, isZoomed: false })
  if (state.search !== '') return { ...state, search: '', detail: { ...state.detail, match: undefined } }
  if (state.focus === 'detail') return { ...state, focus: 'list' }
  if (list.marked.size > 0) return unmarked(state)
  return list.filter === '' ? state : rearranged(withList(state, state.section, { ...list, filter: '' }), state.section)
}

function marked(state: UiState): UiState {
  const list = listOf(state)
  if (list.chosen === undefined) return state
  const next = new Set(list.marked)
  if (!next.delete(list.chosen)) next.add(list.chosen)
  return moveIn(withList(state, state.section, { ...list, marked: next }), state.section, list.cursor + 1)
}

/** What a key makes of a line that is typed. */
export function editedText(text: string, key: string): string {
  if (key === 'backspace' || key === 'delete' || key === 'ctrl-h') return Array.from(text).slice(0, -1).join('')
  if (key === 'ctrl-u') return ''
  if (key === 'ctrl-w') return text.replace(/\S*\s*$/, '')
  if (key === 'space') return `${text} `
  return Array.from(key).length === 1 && !/\p{Cc}/u.test(key) ? text + key : text
}
