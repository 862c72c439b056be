/**
 * Text for a terminal: how many columns it takes, cut and filled to a width, and without anything that a terminal would obey.
 * East Asian characters take two columns (Unicode UAX #11, W and F), combining ones none.
 */
const PLAIN = /^[\x20-\x7e]*$/
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]$/u
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]$/u

/** Columns of a text without control characters. */
export function columnsOf(text: string): number {
  if (PLAIN.test(text)) return text.length
  let columns = 0
  for (const character of text) columns += columnsOfCharacter(character)
  return columns
}

function columnsOfCharacter(character: string): number {
  if (character <= '~') return 1
  return ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1
}

/** Cuts at the end, where an `…` then stands, so that it takes at most `width` columns. */
export function cut(text: string, width: number): string {
  if (columnsOf(text) <= width) return text
  let columns = 0
  let shown = ''
  for (const character of text) {
    columns += columnsOfCharacter(character)
    if (columns > width - 1) break
    shown += character
  }
  return width < 1 ? '' : `${shown}…`
}

/** Cuts at the start: of a path the end tells more. */
export function cutStart(text: string, width: number): string {
  if (columnsOf(text) <= width) return text
  let columns = 0
  const shown: string[] = []
  for (const character of Array.from(text).toReversed()) {
    columns += columnsOfCharacter(character)
    if (columns > width - 1) break
    shown.push(character)
  }
  return width < 1 ? '' : `…${shown.toReversed().join('')}`
}

/** Fills with blanks behind it up to `width` columns; what is longer stays. */
export function fill(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columnsOf(text)))
}

/** Fills with blanks before it: numbers. */
export function fillStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - columnsOf(text))) + text
}

/** Controls (C0, DEL, C1), line separators, marks that turn the direction of text, and bytes that are no UTF-8. */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** A name or an instruction as it may be printed: an image could hold names that move the cursor or hide what follows. */
export function printable(text: string): string {
  return PLAIN.test(text) ? text : text.replaceAll(UNSAFE, escaped)
}

function escaped(character: string): string {
  const unit = character.charCodeAt(0)
  // How names keep a byte that is no UTF-8: see `decodeName`.
  if (unit >= 0xdc80 && unit <= 0xdcff) return `\\x${(unit - 0xdc00).toString(16)}`
  if (character === '\n') return '\\n'
  if (character === '\t') return '\\t'
  return unit < 0x100 ? `\\x${unit.toString(16).padStart(2, '0')}` : `\\u${unit.toString(16)}`
}
