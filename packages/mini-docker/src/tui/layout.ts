/** Where everything stands on a screen of a given size. */

/** Below this, plain lines are better. */
export const SMALLEST = { columns: 60, rows: 20 } as const

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

function between(least: number, value: number, most: number): number {
  return Math.max(least, Math.min(value, most))
}

/** The first line to show, so that the cursor is seen and the list moves no more than needed. */
export function scrolled(top: number, cursor: number, count: number, visible: number): number {
  const lowest = Math.max(0, count - visible)
  return between(0, between(cursor - visible + 1, top, cursor), lowest)
}
