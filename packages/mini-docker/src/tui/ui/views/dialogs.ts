/** What lies over the panes: a question, a line to type, the command palette, the help. */
import { clip, columnsOf } from '../../../format/width.ts'
import { keyLabel, type Bindings } from '../../shared/bindings.ts'
import { textOf, type Piece, type Row } from '../../shared/pieces.ts'
import { ACTION_IDS, labelOf, type ActionId } from '../actions.ts'
import { paletteActions } from '../palette.ts'
import type { Dialog, UiState } from '../state.ts'
import { themeOf } from '../themes.ts'
import { WORDS } from '../words.ts'

/** The rows of the box, and how many columns it has; undefined where nothing lies over. */
export function dialogBox(state: UiState, bindings: Bindings<ActionId>): { rows: Row[]; width: number } | undefined {
  const { dialog } = state
  if (dialog === undefined) return undefined
  const width = Math.min(state.columns - 4, dialog.kind === 'help' ? 76 : 72)
  const content = contentOf(state, dialog, bindings, width - 4)
  return { width, rows: framed(content, width, titleOf(state, dialog), state) }
}

function titleOf({ language }: UiState, dialog: Dialog): string {
  const words = WORDS[language]
  if (dialog.kind === 'help') return words.helpTitle
  return labelOf(dialog.kind === 'palette' ? 'palette' : dialog.action, language)
}

function contentOf(state: UiState, dialog: Dialog, bindings: Bindings<ActionId>, width: number): Row[] {
  const theme = themeOf(state.theme)
  const words = WORDS[state.language]
  switch (dialog.kind) {
    case 'confirm': {
      const shown = dialog.names.slice(0, 8)
      const rest = dialog.names.length - shown.length
      const what =
        dialog.action === 'prune'
          ? (words.pruneWhat[state.section] ?? '')
          : shown.join(', ') + (rest > 0 ? ` ${words.more(rest)}` : '')
      return [
        ...lines(words.sure(labelOf(dialog.action, state.language), what), width),
        [],
        [{ text: words.sureKeys, ...theme.key }],
      ]
    }
    case 'input': {
      const typed = lastPart(dialog.value, width - 3)
      return [
        [words.ask[dialog.action] ?? ''],
        [],
        [{ text: '> ', ...theme.key }, typed, { text: ' ', inverse: true }],
        [],
        [{ text: words.inputKeys, ...theme.muted }],
      ]
    }
    case 'palette': {
      const found = paletteActions(state, dialog.query)
      const height = Math.max(3, Math.min(16, state.rows - 10))
      const top = Math.max(0, dialog.cursor - height + 1)
      const items = found.slice(top, top + height).map((id, i): Row => {
        const label = labelOf(id, state.language)
        const key = keyLabel(bindings[id][0])
        const gap = ' '.repeat(Math.max(1, width - columnsOf(label) - columnsOf(key) - 1))
        return top + i === dialog.cursor
          ? [{ text: ` ${label}${gap}${key}`, ...theme.cursor }]
          : [` ${label}${gap}`, { text: key, ...theme.key }]
      })
      const none: Row[] = found.length === 0 ? [[{ text: ` ${words.paletteEmpty}`, ...theme.muted }]] : []
      return [
        [{ text: '> ', ...theme.key }, lastPart(dialog.query, width - 3), { text: ' ', inverse: true }],
        [],
        ...items,
        ...none,
      ]
    }
    case 'help': {
      const all = helpRows(state, bindings)
      const height = Math.max(4, state.rows - 8)
      return [...all.slice(dialog.top, dialog.top + height), [], [{ text: words.helpEnd, ...theme.muted }]]
    }
  }
}

/** One row for each action, with all its keys. */
export function helpRows(state: UiState, bindings: Bindings<ActionId>): Row[] {
  const theme = themeOf(state.theme)
  return ACTION_IDS.map((id): Row => {
    const keys = bindings[id].map(keyLabel).join(' ')
    return [{ text: keys + ' '.repeat(Math.max(1, 18 - columnsOf(keys))), ...theme.key }, labelOf(id, state.language)]
  })
}

function framed(content: readonly Row[], width: number, title: string, state: UiState): Row[] {
  const theme = themeOf(state.theme)
  const edge = theme.focus
  const inner = width - 4
  const name = clip(title, inner - 2)
  const top: Row = [
    { text: '╭─ ', ...edge },
    { text: name, ...theme.title },
    { text: ` ${'─'.repeat(Math.max(0, width - columnsOf(name) - 5))}╮`, ...edge },
  ]
  const body = content.map((row): Row => {
    const used = columnsOf(textOf(row))
    const pieces: Piece[] = [{ text: '│ ', ...edge }]
    let left = inner
    for (const piece of row) {
      const whole = typeof piece === 'string' ? { text: piece } : piece
      const text = clip(whole.text, left)
      left -= columnsOf(text)
      pieces.push({ ...whole, text })
    }
    return [...pieces, ' '.repeat(Math.max(0, inner - used)), { text: ' │', ...edge }]
  })
  return [top, ...body, [{ text: `╰${'─'.repeat(width - 2)}╯`, ...edge }]]
}

/** Broken at blanks where that is possible. */
function lines(text: string, width: number): Row[] {
  const rows: string[] = ['']
  for (const word of text.split(' ')) {
    const last = rows.at(-1) ?? ''
    if (last !== '' && columnsOf(last) + 1 + columnsOf(word) > width) rows.push(word)
    else rows[rows.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return rows.slice(0, 8).map((row) => [row])
}

/** The end of what is typed, where the cursor is. */
function lastPart(text: string, width: number): string {
  let shown = text
  while (columnsOf(shown) > width) shown = shown.slice(1)
  return shown
}
