/**
 * How many columns of a terminal a text takes. East Asian characters and emoji take two (Unicode's UAX #11: Wide and
 * Fullwidth), combining marks none; docker's tables count the same way.
 */

const WIDE =
  /[\u1100-\u115f\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c\u274e\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1b000}-\u{1b2ff}\u{1f004}\u{1f0cf}\u{1f18e}\u{1f191}-\u{1f19a}\u{1f200}-\u{1f265}\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f7e0}-\u{1f7eb}\u{1f90c}-\u{1f9ff}\u{1fa70}-\u{1faff}\u{20000}-\u{3fffd}]/u
const NONE = /[\p{Mn}\p{Me}\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]/u
/** Printable ASCII, which is nearly everything. */
const NARROW = /^[ -~]*$/

/** The width in columns. */
export function columnsOf(text: string): number {
  if (NARROW.test(text)) return text.length
  let columns = 0
  for (const char of text) columns += columnsOfChar(char)
  return columns
}

function columnsOfChar(char: string): number {
  if (NONE.test(char)) return 0
  return WIDE.test(char) ? 2 : 1
}

/** The longest beginning of `text` that takes at most `columns`. */
export function clip(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text
  let used = 0
  let end = 0
  for (const char of text) {
    used += columnsOfChar(char)
    if (used > columns) break
    end += char.length
  }
  return text.slice(0, end)
}

/** Cuts text to `columns`, the last of which is then `…`. */
export function ellipsis(text: string, columns: number): string {
  return columnsOf(text) <= columns ? text : `${clip(text, columns - 1)}…`
}
