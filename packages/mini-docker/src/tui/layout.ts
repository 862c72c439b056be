/** Where everything stands on a screen of a given size. */

import { between } from './shared/layout.ts'

export type Layout = {
  columns: number
  rows: number
  layerColumns: number
  fileColumns: number
  /** Lines of the two upper panes, their titles included. */
  bodyRows: number
  /** Lines of the lower pane, its title included. */
  wastedRows: number
}

const HEADER = 1
const KEYS = 1
const SEPARATOR = 1

export function layoutOf({ columns, rows }: { columns: number; rows: number }): Layout {
  const layerColumns = between(26, Math.floor(columns * 0.36), 70)
  const wastedRows = between(4, Math.floor(rows * 0.25), 14)
  return {
    columns,
    rows,
    layerColumns,
    fileColumns: Math.max(0, columns - layerColumns - SEPARATOR),
    bodyRows: Math.max(0, rows - HEADER - KEYS - wastedRows),
    wastedRows,
  }
}
