/** The lines on the right side, for each tab: what scrolls and is searched. Pure. */
import { textOf, type Row } from '../shared/pieces.ts'
import { plainLog } from './harmless.ts'
import { listOf, tabOf, type UiState } from './state.ts'
import { configRows } from './views/config.ts'
import { layerRows } from './views/layers.ts'
import { mapRows } from './views/map.ts'
import { topRows, volumeRows, jsonRow, kernelRow } from './views/texts.ts'
import { logRow } from './harmless.ts'
import { WORDS } from './words.ts'
import { themeOf } from './themes.ts'

export type Content = {
  count: number
  row: (index: number) => Row
  /** What is searched. */
  text: (index: number) => string
}

const EMPTY: Content = { count: 0, row: () => [], text: () => '' }

export function contentOf(state: UiState, columns: number): Content {
  const { detail } = state
  switch (tabOf(state)) {
    case 'logs': {
      const { lines, skipped } = detail
      const from = skipped > 0 ? 1 : 0
      const note = WORDS[state.language].skipped(skipped)
      const line = (index: number): string => withTime(lines[index - from] ?? '', state)
      return {
        count: lines.length + from,
        row: (index) => (index < from ? [{ text: note, ...themeOf(state.theme).muted }] : logRow(line(index))),
        text: (index) => (index < from ? note : plainLog(line(index))),
      }
    }
    case 'inspect':
    case 'event': {
      const theme = themeOf(state.theme)
      return {
        count: detail.lines.length,
        row: (index) => jsonRow(detail.lines[index] ?? '', theme),
        text: (index) => detail.lines[index] ?? '',
      }
    }
    case 'kernel': {
      const theme = themeOf(state.theme)
      return {
        count: detail.lines.length,
        row: (index) => kernelRow(detail.lines[index] ?? '', theme),
        text: (index) => plainLog(detail.lines[index] ?? ''),
      }
    }
    case 'top':
      return fromRows(topRows(detail.data, themeOf(state.theme)))
    case 'config':
      return fromRows(configRows(state))
    case 'layers':
      return fromRows(layerRows(state, columns))
    case 'map':
    case 'all':
      return fromRows(mapRows(state, columns))
    case 'users':
      return fromRows(volumeRows(state))
    case 'stats':
      return EMPTY
  }
}

/** Docker puts a time before each line, which is shown when it is wanted. */
function withTime(line: string, { hasTimes }: UiState): string {
  const space = line.indexOf(' ')
  if (space < 20 || !/^\d{4}-\d\d-\d\dT/.test(line)) return line
  return hasTimes ? `${line.slice(0, 23).replace('T', ' ')}  ${line.slice(space + 1)}` : line.slice(space + 1)
}

function fromRows(rows: readonly Row[]): Content {
  return { count: rows.length, row: (index) => rows[index] ?? [], text: (index) => textOf(rows[index] ?? []) }
}

/** The matches of the search, by line; undefined without one. */
export function matchesOf(state: UiState, content: Content): number[] {
  const wanted = state.search.toLowerCase()
  if (wanted === '') return []
  const found: number[] = []
  for (let i = 0; i < content.count; i++) if (content.text(i).toLowerCase().includes(wanted)) found.push(i)
  return found
}

/** Said where there is nothing to show. */
export function emptyText(state: UiState): string {
  const words = WORDS[state.language]
  const { detail } = state
  if (listOf(state).chosen === undefined && tabOf(state) !== 'all') return words.noneChosen
  if (detail.status === 'failed') return detail.message
  if (detail.status === 'loading') return words.loading
  return tabOf(state) === 'logs' ? words.noLogs : words.noneChosen
}
