/**
 * The terminal of a container inside a pane: bytes in, lines of cells out. What a program prints faster than anybody could see is dropped
 * before it is looked at (xterm.js reads some 30 MB a second, a container writes gigabytes): of each frame's bytes the last ones are
 * enough, and the modes that the dropped ones set (other screen, cursor, wrapping) are set all the same.
 */
import xterm from '@xterm/headless'
import type { Piece, Row, Style } from './pieces.ts'

/** Of what comes between two frames this much is read: more than the largest screen can show. */
const MOST_PER_FRAME = 192 * 1024
/** More than this is never kept. */
const MOST_WAITING = 1024 * 1024

export type EmulatorOptions = {
  columns: number
  rows: number
  /** For output without a terminal: a newline also goes to the line's start. */
  convertEol: boolean
}

export class Emulator implements Disposable {
  readonly #terminal: InstanceType<typeof xterm.Terminal>
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #dropped = 0

  constructor({ columns, rows, convertEol }: EmulatorOptions) {
    this.#terminal = new xterm.Terminal({ cols: columns, rows, convertEol, scrollback: 0, allowProposedApi: true })
  }

  /** Called with what the terminal answers to questions of the program (where the cursor is, what it can do). */
  onAnswer(listener: (text: string) => void): void {
    this.#terminal.onData(listener)
  }

  /** Bytes that no frame will show. */
  get dropped(): number {
    return this.#dropped
  }

  get hasNews(): boolean {
    return this.#waitingBytes > 0
  }

  push(bytes: Buffer): void {
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    if (this.#waitingBytes > MOST_WAITING) this.#drop()
  }

  /** Reads what came since the last frame; call it once a frame. */
  async advance(): Promise<void> {
    if (this.#waitingBytes === 0) return
    if (this.#waitingBytes > MOST_PER_FRAME) this.#drop()
    const bytes = Buffer.concat(this.#waiting)
    this.#waiting = []
    this.#waitingBytes = 0
    await new Promise<void>((resolve) => this.#terminal.write(bytes, resolve))
  }

  resize(columns: number, rows: number): void {
    if (columns !== this.#terminal.cols || rows !== this.#terminal.rows) this.#terminal.resize(columns, rows)
  }

  clear(): void {
    this.#waiting = []
    this.#waitingBytes = 0
    this.#terminal.reset()
  }

  /** What stands on the glass; `cursor` draws it as an inverse cell. */
  lines({ cursor }: { cursor: boolean }): Row[] {
    const { active } = this.#terminal.buffer
    return Array.from({ length: this.#terminal.rows }, (_, y) => {
      const at = cursor && y === active.cursorY ? active.cursorX : undefined
      return lineOf(active.getLine(active.baseY + y), this.#terminal.cols, at)
    })
  }

  [Symbol.dispose](): void {
    this.#terminal.dispose()
  }

  #drop(): void {
    const all = Buffer.concat(this.#waiting)
    const cutAt = Math.max(0, all.length - MOST_PER_FRAME)
    const newline = all.indexOf(0x0a, cutAt)
    const from = newline === -1 ? cutAt : newline + 1
    const modes = modesIn(all.subarray(0, from))
    this.#dropped += from - modes.length
    this.#waiting = [modes, all.subarray(from)]
    this.#waitingBytes = modes.length + all.length - from
  }
}

/** The private modes that are set and reset in there (DECSET, DECRST), each as it was last, and a reset of colours. */
function modesIn(bytes: Buffer): Buffer {
  const last = new Map<string, string>()
  for (let at = bytes.indexOf('\u001B[?'); at !== -1; at = bytes.indexOf('\u001B[?', at + 3)) {
    const [whole, mode] = /^\[\?([\d;]{1,30})[hl]/.exec(bytes.toString('latin1', at + 1, at + 36)) ?? []
    if (whole === undefined || mode === undefined) continue
    last.delete(mode)
    last.set(mode, `\u001B${whole}`)
  }
  return Buffer.from(`${[...last.values()].join('')}\u001B[0m`, 'latin1')
}

type Line = ReturnType<InstanceType<typeof xterm.Terminal>['buffer']['active']['getLine']>
type Cell = NonNullable<ReturnType<NonNullable<Line>['getCell']>>

function lineOf(line: Line, columns: number, cursor: number | undefined): Row {
  const pieces: Piece[] = []
  let text = ''
  let style: Style = {}
  let key = ''
  const flush = (): void => {
    if (text !== '') pieces.push(key === '' ? text : { text, ...style })
    text = ''
  }
  let cell: Cell | undefined
  for (let x = 0; x < columns; x++) {
    cell = line?.getCell(x, cell)
    // The second half of a wide character.
    if (cell?.getWidth() === 0) continue
    const own = keyOf(cell, x === cursor)
    if (own !== key) {
      flush()
      key = own
      style = styleOf(cell, x === cursor)
    }
    text += cell?.getChars() || ' '
  }
  flush()
  return pieces
}

function keyOf(cell: Cell | undefined, isCursor: boolean): string {
  if (cell === undefined || cell.isAttributeDefault()) return isCursor ? 'cursor' : ''
  return `${cell.getFgColorMode()},${cell.getFgColor()},${cell.getBgColorMode()},${cell.getBgColor()},${cell.isBold()},${cell.isDim()},${cell.isInverse()},${isCursor}`
}

function styleOf(cell: Cell | undefined, isCursor: boolean): Style {
  if (cell === undefined) return isCursor ? { inverse: true } : {}
  const color = colorOf(cell.isFgRGB(), cell.isFgPalette(), cell.getFgColor())
  const background = colorOf(cell.isBgRGB(), cell.isBgPalette(), cell.getBgColor())
  return {
    ...(color !== undefined && { color }),
    ...(background !== undefined && { background }),
    ...(cell.isBold() !== 0 && { bold: true }),
    ...(cell.isDim() !== 0 && { dim: true }),
    ...((cell.isInverse() !== 0) !== isCursor && { inverse: true }),
  }
}

const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']

function colorOf(isRgb: boolean, isPalette: boolean, value: number): string | undefined {
  if (isRgb) return `#${value.toString(16).padStart(6, '0')}`
  if (!isPalette) return undefined
  if (value < 8) return NAMES[value]
  return value < 16 ? `${NAMES[value - 8]}Bright` : `ansi256(${value})`
}
