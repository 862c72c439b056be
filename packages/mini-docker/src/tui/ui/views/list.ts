/** The list of a section: titles, and a screenful of its rows. */
import { clip, columnsOf } from '../../../format/width.ts'
import type { Piece, Row, Style } from '../../shared/pieces.ts'
import { COLUMNS, columnTitle, glyphOf, isUp, stateRole, type Column } from '../columns.ts'
import type { Item } from '../items.ts'
import { layoutOf, visibleItems } from '../layout.ts'
import { itemOf, listOf, type UiState } from '../state.ts'
import { themeOf } from '../themes.ts'
import { WORDS } from '../words.ts'

/** Mark and state stand before the columns. */
const LEAD = 3
const GAP = 2

export function listRows(state: UiState): Row[] {
  const { section, language } = state
  const { listColumns } = layoutOf(state)
  const list = listOf(state)
  const theme = themeOf(state.theme)
  const placed = placeColumns(COLUMNS[section], listColumns - LEAD)
  const shown = list.shown.slice(list.top, list.top + visibleItems(state))
  const rows = shown.flatMap((id, i) => {
    const item = itemOf(state, section, id)
    return item === undefined ? [] : [itemRow(state, item, placed, list.top + i === list.cursor)]
  })
  if (rows.length > 0) return [titleRow(state, placed, listColumns), ...rows]
  const words = WORDS[language]
  const text = !state.known.has(section)
    ? words.loading
    : list.filter === ''
      ? (words.nothing[section] ?? '')
      : words.noMatch
  return [titleRow(state, placed, listColumns), [], [{ text: `   ${text}`, ...theme.muted }]]
}

type Placed = { column: Column; width: number }

/** As many columns as fit, the most important first; what is left over is shared by those that may grow. */
export function placeColumns(columns: readonly Column[], width: number): Placed[] {
  const placed: Placed[] = []
  let left = width + GAP
  for (const column of columns) {
    if (placed.length > 0 && column.width + GAP > left) break
    placed.push({ column, width: Math.min(column.width, Math.max(1, left - GAP)) })
    left -= column.width + GAP
  }
  const growing = placed.filter(({ column }) => column.grows === true)
  for (const [i, place] of growing.entries()) {
    const share = Math.floor(left / (growing.length - i))
    // A name is seldom longer, and what stands behind it should stay near.
    const more = Math.max(0, i === 0 && growing.length > 1 ? Math.min(share, 24) : share)
    place.width += more
    left -= more
  }
  return placed
}

function titleRow(state: UiState, placed: readonly Placed[], columns: number): Row {
  const { section, language, focus } = state
  const { sort, isReversed, filter, cursor, shown, marked } = listOf(state)
  const theme = themeOf(state.theme)
  const words = WORDS[language]
  const style = focus === 'list' ? theme.focus : theme.title
  const pieces: Piece[] = [{ text: focus === 'list' ? ' ▸ ' : '   ', ...style }]
  for (const [i, { column, width }] of placed.entries()) {
    const isSorted = column.id === sort
    const mark = isSorted ? ((column.value !== undefined) === isReversed ? '↑' : '↓') : ''
    const title = cell(columnTitle(section, column.id, language) + mark, width, column.isRight)
    pieces.push({ text: ' '.repeat(i === 0 ? 0 : GAP) + title, ...style })
  }
  const facts = [
    marked.size > 0 ? words.marked(marked.size) : '',
    filter === '' ? '' : `/${filter}`,
    shown.length > visibleItems(state) ? `${cursor + 1}/${shown.length}` : '',
  ].filter((text) => text !== '')
  if (facts.length === 0) return pieces
  // Over the titles of the last columns: that is where the eye is not.
  const text = ` ${facts.join('  ')} `
  const kept: Piece[] = []
  let left = columns - columnsOf(text)
  for (const piece of pieces) {
    const { text: whole, ...own } = typeof piece === 'string' ? { text: piece } : piece
    const part = clip(whole, Math.max(0, left))
    kept.push({ text: part, ...own })
    left -= columnsOf(part)
  }
  return [...kept, ' '.repeat(Math.max(0, left)), { text, ...theme.mark }]
}

function itemRow(state: UiState, item: Item, placed: readonly Placed[], isHere: boolean): Row {
  const theme = themeOf(state.theme)
  const isMarked = listOf(state).marked.has(item.id)
  const cursor: Style = isHere ? (state.focus === 'list' ? theme.cursor : theme.cursorAway) : {}
  const glyph = 'state' in item ? glyphOf(item) : ' '
  const lead: Piece[] = [
    { text: isMarked ? '◆' : isHere ? '›' : ' ', ...cursor, ...(isMarked ? theme.mark : {}), ...background(cursor) },
    { text: `${glyph} `, ...cursor, ...('state' in item ? theme[stateRole(item)] : {}), ...background(cursor) },
  ]
  const cells = placed.map(({ column, width }, i): Piece => {
    const role = column.role?.(item, state)
    const style =
      role === undefined ? (column.id !== 'name' && !isHere && isDown(item) ? theme.muted : {}) : theme[role]
    const shown = cursor.inverse === true ? {} : style
    return {
      text: ' '.repeat(i === 0 ? 0 : GAP) + cell(column.text(item, state), width, column.isRight),
      ...cursor,
      ...shown,
      ...background(cursor),
    }
  })
  // The cursor's colour goes to the edge of the pane.
  const used = LEAD + placed.reduce((sum, { width }) => sum + width + GAP, -GAP)
  return [...lead, ...cells, { text: ' '.repeat(Math.max(0, layoutOf(state).listColumns - used)), ...cursor }]
}

function background({ background: color, inverse }: Style): Style {
  return { ...(color !== undefined && { background: color }), ...(inverse === true && { inverse }) }
}

function isDown(item: Item): boolean {
  return 'state' in item && !isUp(item)
}

function cell(text: string, width: number, isRight = false): string {
  const shown = columnsOf(text) > width ? `${clip(text, width - 1)}…` : text
  const fill = ' '.repeat(Math.max(0, width - columnsOf(shown)))
  return isRight ? fill + shown : shown + fill
}
