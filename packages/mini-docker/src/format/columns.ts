/**
 * Columns as Go's text/tabwriter aligns them: a cell ends with a tab; a column is a run of consecutive lines that have a
 * cell there, as wide as its widest cell plus `padding`, at least `minWidth`. What follows the last tab is not aligned.
 */
import { columnsOf } from './width.ts'

/** Aligns lines. Docker's tables use `minWidth` 10 and `padding` 3; `top` uses 20. */
export function alignColumns(text: string, minWidth = 10, padding = 3): string {
  const lines = text.split('\n').map((line) => line.split('\t'))
  const widths = lines.map((): number[] => [])
  measure(lines, widths, 0, lines.length, 0, minWidth, padding)
  return lines
    .map((cells, row) =>
      cells
        .map((cell, column) => (column === cells.length - 1 ? cell : pad(cell, widths[row]?.[column] ?? 0)))
        .join(''),
    )
    .join('\n')
}

function measure(
  lines: string[][],
  widths: number[][],
  from: number,
  to: number,
  column: number,
  minWidth: number,
  padding: number,
): void {
  let row = from
  while (row < to) {
    if (!hasCell(lines[row], column)) {
      row += 1
      continue
    }
    const start = row
    let width = minWidth
    for (; row < to && hasCell(lines[row], column); row += 1) {
      const cell = lines[row]?.[column] ?? ''
      width = Math.max(width, columnsOf(cell) + padding)
    }
    for (let inner = start; inner < row; inner += 1) widths[inner]?.push(width)
    measure(lines, widths, start, row, column + 1, minWidth, padding)
  }
}

/** The last word of a line ends with no tab and belongs to no column. */
function hasCell(cells: string[] | undefined, column: number): boolean {
  return cells !== undefined && column < cells.length - 1
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columnsOf(text)))
}
