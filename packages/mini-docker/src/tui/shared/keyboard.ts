/**
 * Bytes of a terminal's keyboard as keys with names. What arrives in pieces (an escape sequence, a character of several bytes) waits for its
 * rest; what arrives together is taken apart, so that no key is lost however fast somebody types.
 *
 * Names: a printable character is its own name; `space enter tab shift-tab escape backspace delete insert up down left right home end pageup
 * pagedown f1 … f12`, `ctrl-a` … `ctrl-z`, `ctrl-]`, `alt-x`; of a mouse `click`, `wheelup`, `wheeldown`.
 */

export type KeyPress = {
  /** Empty for a sequence that is no key known here: a container may still know it. */
  name: string
  /** What the terminal sent. */
  bytes: Buffer
  /** Of a mouse: where, counted from 0. */
  at?: { column: number; row: number }
}

/** How long a lone escape waits for the rest of a sequence before it is the key itself. */
export const ESCAPE_WAIT_MS = 30

const ESC = 0x1b
/** The longest sequence that a keyboard sends; what is longer is no key. */
const LONGEST = 32

export class KeyDecoder {
  #pending: Buffer = Buffer.alloc(0)

  /** True while a beginning waits for its rest: call `flush` after ESCAPE_WAIT_MS without more bytes. */
  get isPending(): boolean {
    return this.#pending.length > 0
  }

  feed(bytes: Buffer): KeyPress[] {
    this.#pending = Buffer.concat([this.#pending, bytes])
    const keys: KeyPress[] = []
    for (;;) {
      const length = lengthOfFirst(this.#pending)
      if (length === 0) return keys
      keys.push(...this.#take(length))
    }
  }

  /** What waits is taken as it is: a lone escape is the escape key. */
  flush(): KeyPress[] {
    const keys: KeyPress[] = []
    while (this.#pending.length > 0) keys.push(...this.#take(this.#pending[0] === ESC ? 1 : this.#pending.length))
    return keys
  }

  #take(length: number): KeyPress[] {
    const bytes = this.#pending.subarray(0, length)
    this.#pending = this.#pending.subarray(length)
    return describe(bytes)
  }
}

/** How many bytes the first key has; 0 when it is not whole yet. */
function lengthOfFirst(bytes: Buffer): number {
  const [first, second] = bytes
  if (first === undefined) return 0
  if (first !== ESC) return bytes.length >= lengthOfCharacter(first) ? lengthOfCharacter(first) : 0
  if (second === undefined) return 0
  if (second === 0x4f) return bytes.length >= 3 ? 3 : 0
  if (second === ESC) return 1
  if (second !== 0x5b) {
    const character = lengthOfCharacter(second)
    return bytes.length >= 1 + character ? 1 + character : 0
  }
  for (let i = 2; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0
    // The Linux console's function keys are ESC [ [ A.
    if (byte >= 0x40 && byte <= 0x7e && !(i === 2 && byte === 0x5b)) return i + 1
    if (i >= LONGEST) return i + 1
  }
  return 0
}

function lengthOfCharacter(first: number): number {
  if (first >= 0xf0) return 4
  if (first >= 0xe0) return 3
  return first >= 0xc0 ? 2 : 1
}

const SEQUENCES: Record<string, string> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  Z: 'shift-tab',
  P: 'f1',
  Q: 'f2',
  R: 'f3',
  S: 'f4',
}
const NUMBERED: Record<string, string> = {
  1: 'home',
  2: 'insert',
  3: 'delete',
  4: 'end',
  5: 'pageup',
  6: 'pagedown',
  7: 'home',
  8: 'end',
  11: 'f1',
  12: 'f2',
  13: 'f3',
  14: 'f4',
  15: 'f5',
  17: 'f6',
  18: 'f7',
  19: 'f8',
  20: 'f9',
  21: 'f10',
  23: 'f11',
  24: 'f12',
}
const CONTROLS: Record<number, string> = {
  8: 'backspace',
  9: 'tab',
  10: 'enter',
  13: 'enter',
  27: 'escape',
  127: 'backspace',
}
/** ctrl-\ ctrl-] ctrl-^ ctrl-_ stand behind the letters. */
const CONTROL_SIGNS = '\\]^_'

function describe(bytes: Buffer): KeyPress[] {
  const text = bytes.toString()
  const name = nameOf(text)
  if (name !== undefined) return [{ name, bytes }]
  const mouse = mouseOf(text)
  return [{ name: '', ...mouse, bytes }]
}

function nameOf(text: string): string | undefined {
  if (!text.startsWith('\u001B') || text.length === 1) return nameOfCharacter(text)
  const rest = text.slice(1)
  const [, modifier, letter] = /^(?:O|\[(?:1;(\d+))?)([A-Z])$/.exec(rest) ?? []
  if (letter !== undefined) return withModifier(SEQUENCES[letter], modifier)
  const [, number, numberedModifier] = /^\[(\d+)(?:;(\d+))?~$/.exec(rest) ?? []
  if (number !== undefined) return withModifier(NUMBERED[number], numberedModifier)
  if (/^[[O]./.test(rest)) return undefined
  const inner = nameOfCharacter(rest)
  return inner === undefined ? undefined : `alt-${inner}`
}

/** xterm adds 1 to the sum of shift 1, alt 2, control 4. */
function withModifier(name: string | undefined, modifier: string | undefined): string | undefined {
  if (name === undefined || modifier === undefined) return name
  const bits = Number(modifier) - 1
  return `${(bits & 4) !== 0 ? 'ctrl-' : ''}${(bits & 2) !== 0 ? 'alt-' : ''}${(bits & 1) !== 0 ? 'shift-' : ''}${name}`
}

function nameOfCharacter(text: string): string | undefined {
  const code = text.codePointAt(0) ?? 0
  if (text === ' ') return 'space'
  const control = CONTROLS[code]
  if (control !== undefined) return control
  if (code >= 28 && code <= 31) return `ctrl-${CONTROL_SIGNS[code - 28]}`
  if (code === 0) return 'ctrl-space'
  if (code < 32) return `ctrl-${String.fromCharCode(code + 96)}`
  return text === '\uFFFD' ? undefined : text
}

/** SGR mouse reports (1006): ESC [ < button ; column ; row M, released with m. */
function mouseOf(text: string): Omit<KeyPress, 'bytes'> | undefined {
  const [, button, column, row, end] = /^\[<(\d+);(\d+);(\d+)([Mm])$/.exec(text.slice(1)) ?? []
  if (button === undefined || end === 'm') return undefined
  const name = { 0: 'click', 64: 'wheelup', 65: 'wheeldown' }[Number(button)]
  return name === undefined ? undefined : { name, at: { column: Number(column) - 1, row: Number(row) - 1 } }
}

const NAMED = new Set([
  'space',
  ...Object.values(CONTROLS),
  ...Object.values(SEQUENCES),
  ...Object.values(NUMBERED),
  'click',
  'wheelup',
  'wheeldown',
])

/** Whether a text is the name of a key that a terminal can send. */
export function isKeyName(text: string): boolean {
  const base = text.replace(/^(?:ctrl-|alt-|shift-)+(?=.)/, '')
  if (NAMED.has(base)) return true
  if (Array.from(base).length !== 1 || /[\p{Cc} ]/u.test(base)) return false
  return !text.includes('ctrl-') || /^[a-z\\\]^_]$/.test(base)
}
