/** The right side: tabs, and a screenful of the content that is chosen. */
import { columnsOf } from '../../../format/width.ts'
import type { Piece, Row } from '../../shared/pieces.ts'
import { contentOf, emptyText, matchesOf, type Content } from '../content.ts'
import { layoutOf, tabLabels, visibleLines } from '../layout.ts'
import { tabOf, type UiState } from '../state.ts'
import { themeOf } from '../themes.ts'
import { WORDS } from '../words.ts'
import { statsRows } from './charts.ts'
import { markMatches, shiftRow, wrapRow } from './rows.ts'

export function detailRows(state: UiState): Row[] {
  const { detailColumns } = layoutOf(state)
  const height = visibleLines(state)
  if (tabOf(state) === 'stats')
    return [tabRow(state, undefined, detailColumns), ...statsRows(state, detailColumns, height)]
  const content = contentOf(state, detailColumns)
  const head = tabRow(state, content, detailColumns)
  if (content.count === 0)
    return [
      head,
      [],
      [{ text: ` ${emptyText(state)}`, ...themeOf(state.theme)[state.detail.status === 'failed' ? 'bad' : 'muted'] }],
    ]
  return [head, ...bodyRows(state, content, detailColumns, height)]
}

function bodyRows(state: UiState, content: Content, columns: number, height: number): Row[] {
  const { detail, isWrapped } = state
  if (!isWrapped) {
    const top = detail.isFollowing && tabOf(state) === 'logs' ? Math.max(0, content.count - height) : detail.top
    return Array.from({ length: Math.min(height, content.count - top) }, (_, y) =>
      shiftRow(shownRow(state, content, top + y), detail.left),
    )
  }
  const rows: Row[] = []
  if (detail.isFollowing && tabOf(state) === 'logs') {
    for (let i = content.count - 1; i >= 0 && rows.length < height; i--)
      rows.unshift(...wrapRow(shownRow(state, content, i), columns))
    return rows.slice(-height)
  }
  for (let i = detail.top; i < content.count && rows.length < height; i++)
    rows.push(...wrapRow(shownRow(state, content, i), columns))
  return rows.slice(0, height)
}

function shownRow(state: UiState, content: Content, index: number): Row {
  const row = content.row(index)
  if (state.search === '') return row
  const theme = themeOf(state.theme)
  return markMatches(row, state.search, index === state.detail.match ? theme.matchHere : theme.match)
}

function tabRow(state: UiState, content: Content | undefined, columns: number): Row {
  const theme = themeOf(state.theme)
  const isFocused = state.focus === 'detail' || state.isZoomed
  const pieces: Piece[] = tabLabels(state).map(([tab, label]) => {
    const isHere = tab === tabOf(state)
    return {
      text: label,
      ...(isHere ? (isFocused ? theme.barChosen : { ...theme.title, inverse: true }) : theme.muted),
    }
  })
  const used = pieces.reduce((sum, piece) => sum + columnsOf(typeof piece === 'string' ? piece : piece.text), 0)
  // The most important first: what does not fit is left out from the end.
  const parts = factsOf(state, content)
  while (parts.length > 0 && columnsOf(joined(parts)) >= columns - used) parts.pop()
  const facts = joined(parts)
  return [...pieces, ' '.repeat(Math.max(0, columns - used - columnsOf(facts))), { text: facts, ...theme.muted }]
}

function joined(parts: readonly string[]): string {
  return parts.length === 0 ? '' : `${parts.join('  ')} `
}

function factsOf(state: UiState, content: Content | undefined): string[] {
  if (content === undefined) return []
  const words = WORDS[state.language]
  const { detail } = state
  const parts: string[] = []
  if (state.search !== '' && state.typing !== 'search') {
    const matches = matchesOf(state, content)
    parts.push(
      matches.length === 0 ? words.noSuchText : words.matches(matches.indexOf(detail.match ?? -1) + 1, matches.length),
    )
  }
  if (tabOf(state) === 'logs' && content.count > 0) parts.push(detail.isFollowing ? words.following : words.held)
  if (content.count > visibleLines(state)) parts.push(`${Math.min(content.count, detail.top + 1)}/${content.count}`)
  return parts
}
