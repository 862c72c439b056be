/** A line of a screen as data: pieces of text, some with a style. Pure; `line.tsx` draws it, tests read it. */
import { columnsOf, cut } from '@mini-docker/image/inspect'

export type Style = { color?: string; bold?: boolean; dim?: boolean; inverse?: boolean; background?: string }
export type Styled = { text: string } & Style
export type Piece = string | Styled
/** One line, not yet as wide as its place. */
export type Row = readonly Piece[]

/** The pieces cut or filled up to exactly `width` columns. */
export function fitRow(pieces: Row, width: number): Styled[] {
  const fitted: Styled[] = []
  let left = width
  for (const piece of pieces) {
    const whole = typeof piece === 'string' ? { text: piece } : piece
    const text = cut(whole.text, left)
    if (text === '') continue
    fitted.push({ ...whole, text })
    left -= columnsOf(text)
    if (text !== whole.text) break
  }
  return left > 0 ? [...fitted, { text: ' '.repeat(left) }] : fitted
}

export function widthOf(row: Row): number {
  return row.reduce((sum, piece) => sum + columnsOf(typeof piece === 'string' ? piece : piece.text), 0)
}

/** Without styles: what a screen reader or a test reads. */
export function textOf(row: Row): string {
  return row.map((piece) => (typeof piece === 'string' ? piece : piece.text)).join('')
}

/** Rows of two panes beside each other, with a line between them; each pane is exactly as wide as said. */
export function beside(left: readonly Row[], leftWidth: number, right: readonly Row[], rightWidth: number): Row[] {
  const count = Math.max(left.length, right.length)
  return Array.from({ length: count }, (_, i) => [
    ...fitRow(left[i] ?? [], leftWidth),
    { text: '│', dim: true },
    ...fitRow(right[i] ?? [], rightWidth),
  ])
}

/** Exactly `height` rows: cut, or filled with empty ones. */
export function fillRows(rows: readonly Row[], height: number): Row[] {
  return Array.from({ length: Math.max(0, height) }, (_, i) => rows[i] ?? [])
}
