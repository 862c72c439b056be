/** Rows as lines: painted for a terminal, plain for a pipe, and in ASCII where the locale has no boxes. Pure. */
import { paintRow, type ColorDepth } from '../tui/shared/paint.ts'
import { textOf, widthOf, type Row } from '../tui/shared/pieces.ts'

export type Look = { colors: ColorDepth | undefined; unicode: boolean }

/** `colors` undefined is a pipe: nothing but text, without blanks at the ends. */
export function printRows(rows: readonly Row[], { colors, unicode }: Look): string[] {
  return rows.map((row) => {
    const line = colors === undefined ? textOf(row).trimEnd() : paintRow(row, widthOf(row), colors)
    return unicode ? line : ascii(line)
  })
}

/** LC_ALL, LC_CTYPE, LANG: the first that is set decides. locale(7) */
export function isUtf8(env: Record<string, string | undefined>): boolean {
  return /utf-?8/i.test(env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '')
}

/** One column for one, so that everything stays aligned. */
const ASCII: Record<string, string> = {
  '─': '-',
  '│': '|',
  '┌': '+',
  '┐': '+',
  '└': '+',
  '┘': '+',
  '├': '+',
  '█': '#',
  '░': '.',
  '…': '~',
  '→': '>',
}

function ascii(line: string): string {
  return line.replaceAll(/[─│┌┐└┘├█░…→]/g, (char) => ASCII[char] ?? '?')
}
