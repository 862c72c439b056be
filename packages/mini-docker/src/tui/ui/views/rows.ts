/** What is done to whole rows: broken at an edge, scrolled to the side, matches made visible. Pure. */
import { clip, columnsOf } from '../../../format/width.ts'
import { textOf, type Piece, type Row, type Style } from '../../shared/pieces.ts'

/** A long row as rows of at most `width` columns; at least one. */
export function wrapRow(row: Row, width: number): Row[] {
  if (columnsOf(textOf(row)) <= width) return [row]
  const rows: Piece[][] = [[]]
  let left = width
  for (const piece of row) {
    const { text, ...style } = typeof piece === 'string' ? { text: piece } : piece
    let rest = text
    while (rest !== '') {
      const part = clip(rest, left)
      if (part === '' && left === width) break
      if (part !== '') rows.at(-1)?.push({ text: part, ...style })
      rest = rest.slice(part.length)
      left -= columnsOf(part)
      if (rest === '') break
      rows.push([])
      left = width
    }
  }
  return rows
}

/** Without its first columns. */
export function shiftRow(row: Row, by: number): Row {
  if (by === 0) return row
  let left = by
  return row.flatMap((piece): Piece[] => {
    const { text, ...style } = typeof piece === 'string' ? { text: piece } : piece
    const gone = clip(text, left)
    left -= columnsOf(gone)
    let rest = text.slice(gone.length)
    if (left > 0 && rest !== '') {
      // Half of a wide character: its other half stays as a blank.
      rest = ` ${rest.slice(Array.from(rest)[0]?.length)}`
      left = 0
    }
    return rest === '' ? [] : [{ text: rest, ...style }]
  })
}

/** With every place that has the text in the given style. Upper and lower case are the same. */
export function markMatches(row: Row, wanted: string, style: Style): Row {
  const text = textOf(row)
  const lower = text.toLowerCase()
  const needle = wanted.toLowerCase()
  if (needle === '' || lower.length !== text.length || !lower.includes(needle)) return row
  const isHit = new Uint8Array(text.length)
  for (let at = lower.indexOf(needle); at !== -1; at = lower.indexOf(needle, at + needle.length))
    isHit.fill(1, at, at + needle.length)
  let offset = 0
  return row.flatMap((piece): Piece[] => {
    const { text: own, ...before } = typeof piece === 'string' ? { text: piece } : piece
    const pieces: Piece[] = []
    for (let from = 0; from < own.length;) {
      const hit = isHit[offset + from]
      let to = from + 1
      while (to < own.length && isHit[offset + to] === hit) to++
      pieces.push({ text: own.slice(from, to), ...(hit === 1 ? style : before) })
      from = to
    }
    offset += own.length
    return pieces
  })
}
