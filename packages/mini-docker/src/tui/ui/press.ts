/** What a key or the mouse does: another state, and sometimes something that has to be done outside (an effect). Pure. */
import { actionOfKey, type Bindings } from '../shared/bindings.ts'
import type { KeyPress } from '../shared/keyboard.ts'
import { act, editedText, toSection, type Pressed } from './act.ts'
import type { ActionId } from './actions.ts'
import { dialogKey } from './dialog-keys.ts'
import { hitAt } from './layout.ts'
import { moveIn, rearranged, scrollTo, toFirstMatch, withDetail, withDialog, withList } from './reduce.ts'
import { listOf, type UiState } from './state.ts'

const WHEEL_LINES = 3

export function press(state: UiState, key: Pick<KeyPress, 'name' | 'at'>, bindings: Bindings<ActionId>): Pressed {
  if (key.name === 'ctrl-c')
    return state.dialog === undefined && state.typing === undefined
      ? { state, effect: { kind: 'quit' } }
      : { state: { ...withDialog(state, undefined), typing: undefined } }
  if (key.at !== undefined) return state.dialog === undefined ? { state: pointed(state, key.name, key.at) } : { state }
  if (state.dialog !== undefined) return dialogKey(state, state.dialog, key.name, bindings)
  if (state.typing !== undefined) return { state: typed(state, state.typing, key.name) }
  const action = actionOfKey(bindings, key.name)
  return action === undefined ? { state } : act({ ...state, notice: undefined }, action)
}

function typed(state: UiState, what: 'filter' | 'search', key: string): UiState {
  const list = listOf(state)
  const before = what === 'filter' ? list.filter : state.search
  if (key === 'enter' || key === 'tab' || key === 'up' || key === 'down') return { ...state, typing: undefined }
  const after = key === 'escape' ? '' : editedText(before, key)
  const next = key === 'escape' ? { ...state, typing: undefined } : state
  if (after === before) return next
  if (what === 'filter') return rearranged(withList(next, state.section, { ...list, filter: after }), state.section)
  const searched = { ...next, search: after }
  return after === '' ? { ...searched, detail: { ...state.detail, match: undefined } } : toFirstMatch(searched)
}

function pointed(state: UiState, name: string, at: { column: number; row: number }): UiState {
  const hit = hitAt(state, at.column, at.row)
  if (name === 'wheelup' || name === 'wheeldown') {
    const by = name === 'wheelup' ? -WHEEL_LINES : WHEEL_LINES
    return hit?.kind === 'item'
      ? moveIn(state, state.section, listOf(state).cursor + by)
      : scrollTo(state, state.detail.top + by)
  }
  switch (hit?.kind) {
    case 'section':
      return toSection(state, hit.section)
    case 'tab':
      return withDetail({ ...state, tabs: { ...state.tabs, [state.section]: hit.tab }, focus: 'detail' })
    case 'item': {
      const { top, shown } = listOf(state)
      const next = { ...state, focus: 'list' as const }
      return top + hit.row < shown.length ? moveIn(next, state.section, top + hit.row) : next
    }
    case 'detail':
      return { ...state, focus: 'detail' }
    default:
      return state
  }
}
