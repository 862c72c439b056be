/** Where everything stands on the dashboard, and what a click meets. */
import { columnsOf } from '../../format/width.ts'
import { between } from '../shared/layout.ts'
import { SECTIONS, type Section } from './items.ts'
import { TABS, type Tab, type UiState } from './state.ts'
import { WORDS } from './words.ts'

export type UiLayout = {
  /** The panes stand beside each other, or the list above. */
  isWide: boolean
  listColumns: number
  /** With the line of titles. */
  listRows: number
  detailColumns: number
  /** With the line of tabs. */
  detailRows: number
  /** First line of the detail. */
  detailTop: number
  detailLeft: number
}

const HEAD = 1
const FOOT = 2
export const WIDE = 100

export function layoutOf({ columns, rows, isZoomed }: Pick<UiState, 'columns' | 'rows' | 'isZoomed'>): UiLayout {
  const body = Math.max(2, rows - HEAD - FOOT)
  const isWide = columns >= WIDE
  if (isZoomed) {
    return {
      isWide,
      listColumns: 0,
      listRows: 0,
      detailColumns: columns,
      detailRows: body,
      detailTop: HEAD,
      detailLeft: 0,
    }
  }
  if (isWide) {
    const listColumns = between(48, Math.floor(columns * 0.46), 110)
    const detailColumns = columns - listColumns - 1
    return {
      isWide,
      listColumns,
      listRows: body,
      detailColumns,
      detailRows: body,
      detailTop: HEAD,
      detailLeft: listColumns + 1,
    }
  }
  const listRows = between(5, Math.floor(body * 0.42), 16)
  return {
    isWide,
    listColumns: columns,
    listRows,
    detailColumns: columns,
    detailRows: body - listRows,
    detailTop: HEAD + listRows,
    detailLeft: 0,
  }
}

/** Lines of the list that are items. */
export function visibleItems(state: UiState): number {
  return Math.max(1, layoutOf(state).listRows - 1)
}

/** Lines of the detail that are content. */
export function visibleLines(state: UiState): number {
  return Math.max(1, layoutOf(state).detailRows - 1)
}

/** The texts of the bar at the top and of the tabs, as they are drawn: what a click meets is read from the same place. */
export function sectionLabels({ items, known, language, columns }: UiState): Array<[Section, string]> {
  const all = SECTIONS.map((section, i): [Section, string] => {
    const count = known.has(section) ? ` ${items[section].length}` : ''
    return [section, ` ${i + 1} ${WORDS[language].sections[section] ?? section}${section === 'events' ? '' : count} `]
  })
  if (widthOf(all) <= columns - SIGN) return all
  return SECTIONS.map((section, i) => {
    const { sections, shortSections } = WORDS[language]
    const name = columns < WIDE ? (shortSections[section] ?? sections[section]) : sections[section]
    return [section, ` ${i + 1} ${name ?? section} `]
  })
}

/** Right of the sections: whether the daemon is there. */
const SIGN = 3

function widthOf(labels: ReadonlyArray<readonly [unknown, string]>): number {
  return labels.reduce((sum, [, label]) => sum + columnsOf(label), 0)
}

export function tabLabels({ section, language }: UiState): Array<[Tab, string]> {
  return TABS[section].map((tab) => [tab, ` ${WORDS[language].tabs[tab] ?? tab} `])
}

export type Hit =
  | { kind: 'section'; section: Section }
  | { kind: 'tab'; tab: Tab }
  /** Counted from the first item that is shown. */
  | { kind: 'item'; row: number }
  | { kind: 'detail'; row: number }

/** What is there on the screen; `column` and `row` are counted from 0. */
export function hitAt(state: UiState, column: number, row: number): Hit | undefined {
  if (row === 0) {
    const section = labelAt(sectionLabels(state), column)
    return section === undefined ? undefined : { kind: 'section', section }
  }
  const { isWide, listColumns, listRows, detailTop, detailRows, detailLeft } = layoutOf(state)
  const isInList = listRows > 0 && (isWide ? column < listColumns : row <= listRows)
  if (isInList) return row >= 2 && row <= listRows ? { kind: 'item', row: row - 2 } : undefined
  if (row === detailTop) {
    const tab = labelAt(tabLabels(state), column - detailLeft)
    return tab === undefined ? undefined : { kind: 'tab', tab }
  }
  return row > detailTop && row < detailTop + detailRows ? { kind: 'detail', row: row - detailTop - 1 } : undefined
}

function labelAt<T>(labels: ReadonlyArray<[T, string]>, column: number): T | undefined {
  let from = 0
  for (const [what, label] of labels) {
    from += columnsOf(label)
    if (column >= 0 && column < from) return what
  }
  return undefined
}
