/** What the views of all sections share: their shape, and text that fits. Pure. */
import { columnsOf } from '../format/width.ts'
import { wrap } from '../format/wrap.ts'
import { widthOf, type Row } from '../tui/shared/pieces.ts'
import type { Subject } from './subject.ts'
import type { Words } from './words.ts'

/** The rows of one section, and where they were read. */
export type View = { rows: Row[]; sources: string[] }
export type Draw = (subject: Subject, words: Words, width: number) => View

/** Text and a note behind it at the right edge, where there is room for both; the note is what can be missed. */
export function withNote(row: Row, note: string, width: number): Row {
  const free = width - widthOf(row) - columnsOf(note)
  return free < 2 ? row : [...row, ' '.repeat(free), { text: note, dim: true }]
}

/** Digests and ids of 64 digits, by their first twelve. */
export function shortIds(text: string): string {
  return text.replaceAll(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1…')
}

/** A path that fits: directories in the middle go first, the file's name last. */
export function shortPath(path: string, width: number): string {
  const text = shortIds(path)
  if (columnsOf(text) <= width) return text
  const parts = text.split('/')
  for (let tail = parts.length - 2; tail >= 1; tail--) {
    const shorter = `${parts.slice(0, 2).join('/')}/…/${parts.slice(-tail).join('/')}`
    if (columnsOf(shorter) <= width) return shorter
  }
  return `…${text.slice(Math.max(0, text.length - width + 1))}`
}

/** Text filled up to a width, whatever is wide in it. */
export function padded(text: string, width: number): string {
  return `${text}${' '.repeat(Math.max(0, width - columnsOf(text)))}`
}

/** Long words as several rows behind a title. */
export function paragraph(title: string, titleWidth: number, text: string, width: number, color?: string): Row[] {
  return wrap(text, Math.max(10, width - titleWidth)).map((line, i) => [
    { text: padded(i === 0 ? title : '', titleWidth), dim: true },
    color === undefined ? line : { text: line, color },
  ])
}
