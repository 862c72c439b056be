/** Where everything stands on the screen of a run. */
import { between } from '../shared/layout.ts'
import type { RunState } from './state.ts'

export type RunLayout = {
  listColumns: number
  detailColumns: number
  /** Lines between the head and the foot. */
  bodyRows: number
  listRows: number
  chartRows: number
  /** Below the line of tabs. */
  detailRows: number
  /** The size of the container's terminal. */
  glass: { columns: number; rows: number }
}

const HEAD = 1
/** What is asked or said, and the keys. */
const FOOT = 2
const TAB_LINE = 1
const CHARTS = 5

export function layoutOf({
  columns,
  rows,
  isFull,
  stats,
}: Pick<RunState, 'columns' | 'rows' | 'isFull' | 'stats'>): RunLayout {
  const bodyRows = Math.max(1, rows - HEAD - FOOT)
  const listColumns = between(26, Math.floor(columns * 0.36), 60)
  const detailColumns = Math.max(1, columns - listColumns - 1)
  const chartRows = stats.length > 0 ? CHARTS : 0
  const detailRows = Math.max(1, bodyRows - TAB_LINE)
  const glass = isFull ? { columns, rows: bodyRows } : { columns: detailColumns, rows: detailRows }
  return {
    listColumns,
    detailColumns,
    bodyRows,
    listRows: Math.max(1, bodyRows - chartRows),
    chartRows,
    detailRows,
    glass,
  }
}
