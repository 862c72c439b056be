/** Keys while something lies over the panes. Pure. */
import { actionOfKey, type Bindings } from '../shared/bindings.ts'
import { ACTION_IDS, type ActionId } from './actions.ts'
import { paletteActions } from './palette.ts'
import { act, editedText, unmarked, type Pressed } from './act.ts'
import { withDialog } from './reduce.ts'
import type { Dialog, UiState } from './state.ts'

export function dialogKey(state: UiState, dialog: Dialog, key: string, bindings: Bindings<ActionId>): Pressed {
  const closed = withDialog(state, undefined)
  if (key === 'escape') return { state: closed }
  switch (dialog.kind) {
    case 'confirm': {
      if (key !== 'y' && key !== 'Y') return { state: closed }
      const { action, targets } = dialog
      return { state: unmarked(closed), effect: { kind: 'do', action, section: state.section, targets, value: '' } }
    }
    case 'input': {
      if (key !== 'enter') return { state: { ...state, dialog: { ...dialog, value: editedText(dialog.value, key) } } }
      const value = dialog.value.trim()
      if (value === '') return { state: closed }
      const { action, targets } = dialog
      return { state: closed, effect: { kind: 'do', action, section: state.section, targets, value } }
    }
    case 'palette':
      return paletteKey(state, dialog, key)
    case 'help': {
      const most = Math.max(0, ACTION_IDS.length - Math.max(4, state.rows - 8))
      const by = { up: -1, down: 1, 'page-up': -10, 'page-down': 10, first: -1000, last: 1000 }[
        actionOfKey(bindings, key) as 'up'
      ] as number | undefined
      return by === undefined
        ? { state: closed }
        : { state: { ...state, dialog: { ...dialog, top: Math.max(0, Math.min(most, dialog.top + by)) } } }
    }
  }
}

function paletteKey(state: UiState, dialog: Extract<Dialog, { kind: 'palette' }>, key: string): Pressed {
  const found = paletteActions(state, dialog.query)
  const at = (cursor: number): Pressed => ({
    state: { ...state, dialog: { ...dialog, cursor: Math.max(0, Math.min(found.length - 1, cursor)) } },
  })
  if (key === 'up' || key === 'ctrl-p') return at(dialog.cursor - 1)
  if (key === 'down' || key === 'ctrl-n' || key === 'tab') return at(dialog.cursor + 1)
  if (key === 'enter') {
    const action = found[dialog.cursor]
    const closed = withDialog(state, undefined)
    return action === undefined ? { state: closed } : act(closed, action)
  }
  const query = editedText(dialog.query, key)
  return query === dialog.query ? { state } : { state: { ...state, dialog: { ...dialog, query, cursor: 0 } } }
}
