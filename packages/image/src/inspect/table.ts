/** Columns for people: as wide as their widest cell, two blanks apart, wide characters counted as two. */
import { columnsOf, fill, fillStart } from './columns.ts'

/** `end`: numbers. */
export function alignTable(rows: readonly (readonly string[])[], align: readonly ('start' | 'end')[]): string[] {
  const widths = align.map((_, i) => rows.reduce((widest, row) => Math.max(widest, columnsOf(row[i] ?? '')), 0))
  return rows.map((row) => {
    const cells = row.map((cell, i) =>
      align[i] === 'end' ? fillStart(cell, widths[i] ?? 0) : i === row.length - 1 ? cell : fill(cell, widths[i] ?? 0),
    )
    return cells.join('  ').trimEnd()
  })
}
