/** Texts of others (names, logs, labels) on the terminal of the person who looks: nothing in them moves the cursor, sets a title or turns the line round. */
import { printableLine } from '../../format/printable.ts'
import type { Row, Style } from '../shared/pieces.ts'

// oxlint-disable no-control-regex -- those are what is looked for
/** Signs that change the direction of what stands beside them, or are not seen at all (Unicode UAX #9). */
const HIDDEN = /[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g
const SUSPECT = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/
/** OSC, DCS, APC, PM with their text; CSI but for SGR; all other escapes. */
const SEQUENCES =
  /\u001B[\]PX^_][^\u0007\u001B]*(?:\u0007|\u001B\\)?|\u001B\[[0-?]*[ -/]*[@-ln-~]|\u001B(?!\[[\d;:]*m)[ -/]*[0-~]?/g
const SGR = /\u001B\[([\d;:]*)m/g
const MOST_IN_LINE = 8000

/** All texts of a JSON value, as they may stand in a line. */
export function harmless(value: unknown): unknown {
  if (typeof value === 'string') return harmlessText(value)
  if (Array.isArray(value)) return value.map(harmless)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [harmlessText(key), harmless(one)]))
}

export function harmlessText(text: string): string {
  return SUSPECT.test(text) ? printableLine(text).replace(HIDDEN, '') : text
}

/** JSON with every sign that is no letter written as an escape, line by line. */
export function jsonLinesOf(value: unknown): string[] {
  const text = JSON.stringify(value, undefined, 2) ?? ''
  return text
    .replace(
      /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
      (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
    .split('\n')
}

/** A line of a log: colours (SGR) stay, everything else that is a command to the terminal goes. */
export function harmlessLog(line: string): string {
  const cut = line.length > MOST_IN_LINE ? `${line.slice(0, MOST_IN_LINE)}…` : line
  if (!SUSPECT.test(cut)) return cut
  const whole = cut.replace(/\r+$/, '')
  // A progress bar writes over itself: what would be seen at the end is behind the last return.
  const seen = whole.slice(whole.lastIndexOf('\r') + 1)
  const kept = expandTabs(seen.replace(SEQUENCES, ''))
  return kept.replace(/\u001B(?!\[[\d;:]*m)|[\u0000-\u001a\u001c-\u001f\u007f-\u009f]/g, ' ').replace(HIDDEN, '')
}

/** Without colours: what is searched. */
export function plainLog(line: string): string {
  return line.includes('\u001B') ? line.replace(SGR, '') : line
}

const COLORS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']

/** The pieces of a line with colours. */
export function logRow(line: string): Row {
  if (!line.includes('\u001B')) return [line]
  const row: Array<string | ({ text: string } & Style)> = []
  let style: Style = {}
  let from = 0
  for (const match of line.matchAll(SGR)) {
    if (match.index > from) row.push({ text: line.slice(from, match.index), ...style })
    style = styleAfter(style, match[1] ?? '')
    from = match.index + match[0].length
  }
  if (from < line.length) row.push({ text: line.slice(from), ...style })
  return row
}

function styleAfter(before: Style, parameters: string): Style {
  let style = before
  const codes = parameters.split(/[;:]/).map(Number)
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0
    if (code === 0) style = {}
    else if (code === 1) style = { ...style, bold: true }
    else if (code === 2) style = { ...style, dim: true }
    else if (code === 7) style = { ...style, inverse: true }
    else if (code >= 30 && code <= 37) style = { ...style, color: COLORS[code - 30] ?? 'white' }
    else if (code >= 90 && code <= 97) style = { ...style, color: `${COLORS[code - 90]}Bright` }
    else if (code === 38 && codes[i + 1] === 5) {
      style = { ...style, color: paletteColor(codes[i + 2] ?? 0) }
      i += 2
    } else if (code === 38 && codes[i + 1] === 2) {
      const hex = codes.slice(i + 2, i + 5).map((value) => Math.min(255, value).toString(16).padStart(2, '0'))
      if (hex.length === 3) style = { ...style, color: `#${hex.join('')}` }
      i += 4
    } else if (code === 48) i += codes[i + 1] === 2 ? 4 : 2
    else if (code === 39) {
      const { color: _, ...rest } = style
      style = rest
    } else if (code === 22 || code === 27) style = style.color === undefined ? {} : { color: style.color }
  }
  return style
}

function paletteColor(index: number): string {
  if (index < 8) return COLORS[index] ?? 'white'
  return index < 16 ? `${COLORS[index - 8]}Bright` : `ansi256(${Math.min(255, index)})`
}

function expandTabs(line: string): string {
  if (!line.includes('\t')) return line
  let text = ''
  for (const part of line.split('\t'))
    text += text === '' && part === '' ? ' '.repeat(8) : `${part}${' '.repeat(8 - (part.length % 8))}`
  return text.trimEnd()
}
