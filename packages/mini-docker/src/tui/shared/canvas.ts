/**
 * A screen of rows on the terminal's second screen: rows in, a picture out, of which only the lines that changed are written, inside a
 * synchronized update (DEC 2026) so that nobody sees half a frame. The keyboard is read byte by byte, because a container wants the bytes
 * and no key may be lost; and the whole can be put aside for another program (a shell) and taken up again.
 *
 * Not Ink: its layout goes through every cell, 150 ms for a screen of 250×80 where this takes 3, and a container that floods its output
 * would freeze the screen (docs/decisions/012).
 */
import { ESCAPE_WAIT_MS, KeyDecoder, type KeyPress } from './keyboard.ts'
import { paintRow, type ColorDepth } from './paint.ts'
import type { Row } from './pieces.ts'

export type CanvasStreams = { stdin: NodeJS.ReadStream; stdout: NodeJS.WriteStream }
export type CanvasOptions = {
  colors: ColorDepth
  /** Reports clicks and the wheel as keys; the terminal's own selection then needs shift. */
  mouse?: boolean
  onKey: (key: KeyPress) => void
  onResize: (size: { columns: number; rows: number }) => void
  /** The keyboard is gone: the terminal was closed. */
  onEnd?: () => void
}

const ENTER = '\u001B[?1049h\u001B[?25l\u001B[?7l\u001B[2J'
const LEAVE = '\u001B[?7h\u001B[?25h\u001B[?1049l'
const MOUSE_ON = '\u001B[?1000h\u001B[?1006h'
const MOUSE_OFF = '\u001B[?1006l\u001B[?1000l'
const BEGIN = '\u001B[?2026h'
const END = '\u001B[?2026l'

export class Canvas implements Disposable {
  readonly #streams: CanvasStreams
  readonly #options: CanvasOptions
  #decoder = new KeyDecoder()
  #escape: NodeJS.Timeout | undefined
  #isOn = false
  /** What stands on the glass. */
  #painted: string[] = []
  #columns = 0
  /** A frame that waits until the terminal has read the last one. */
  #late: (() => void) | undefined

  constructor(streams: CanvasStreams, options: CanvasOptions) {
    this.#streams = streams
    this.#options = options
    this.#enter()
    process.once('exit', this.#restore)
  }

  get size(): { columns: number; rows: number } {
    const { columns, rows } = this.#streams.stdout
    return { columns, rows }
  }

  /** True while the terminal has not read the last frame: one that is asked for now is drawn later, the last of them. */
  get isBusy(): boolean {
    return this.#streams.stdout.writableNeedDrain
  }

  /** Draws the rows that `frame` gives for the size of now. */
  draw(frame: (size: { columns: number; rows: number }) => readonly Row[]): void {
    if (!this.#isOn) return
    if (this.isBusy) {
      if (this.#late === undefined) this.#streams.stdout.once('drain', () => this.#drawLate())
      this.#late = () => this.draw(frame)
      return
    }
    const { columns, rows } = this.size
    if (columns !== this.#columns || rows !== this.#painted.length) {
      this.#columns = columns
      this.#painted = Array.from({ length: rows }, () => '\0')
    }
    const lines = frame({ columns, rows })
    let text = ''
    for (let y = 0; y < rows; y++) {
      const line = paintRow(lines[y] ?? [], columns, this.#options.colors)
      if (line === this.#painted[y]) continue
      this.#painted[y] = line
      text += `\u001B[${y + 1};1H${line}`
    }
    if (text !== '') this.#streams.stdout.write(`${BEGIN}${text}${END}`)
  }

  /** Leaves the screen to another program while `work` runs; the next `draw` takes it back. */
  async aside<T>(work: () => Promise<T>): Promise<T> {
    this.#leave()
    try {
      return await work()
    } finally {
      this.#enter()
    }
  }

  /** The terminal is as it was. */
  [Symbol.dispose](): void {
    this.#leave()
    process.off('exit', this.#restore)
    this.#streams.stdin.unref?.()
  }

  /** However the process ends. */
  readonly #restore = (): void => this.#leave()

  #drawLate(): void {
    const late = this.#late
    this.#late = undefined
    late?.()
  }

  #enter(): void {
    if (this.#isOn) return
    this.#isOn = true
    this.#painted = []
    this.#decoder = new KeyDecoder()
    const { stdin, stdout } = this.#streams
    stdout.write(`${ENTER}${this.#options.mouse === true ? MOUSE_ON : ''}`)
    stdout.on('resize', this.#resize)
    if (stdin.isTTY) stdin.setRawMode(true)
    stdin.on('data', this.#receive).on('end', this.#end)
    stdin.ref?.()
    stdin.resume()
  }

  #leave(): void {
    if (!this.#isOn) return
    this.#isOn = false
    clearTimeout(this.#escape)
    const { stdin, stdout } = this.#streams
    stdin.off('data', this.#receive).off('end', this.#end)
    stdin.pause()
    if (stdin.isTTY) stdin.setRawMode(false)
    stdout.off('resize', this.#resize)
    stdout.write(`${this.#options.mouse === true ? MOUSE_OFF : ''}${LEAVE}`)
  }

  readonly #receive = (bytes: Buffer): void => {
    clearTimeout(this.#escape)
    this.#press(this.#decoder.feed(bytes))
    if (this.#decoder.isPending) this.#escape = setTimeout(() => this.#press(this.#decoder.flush()), ESCAPE_WAIT_MS)
  }

  #press(keys: KeyPress[]): void {
    for (const key of keys) this.#options.onKey(key)
  }

  readonly #resize = (): void => this.#options.onResize(this.size)
  readonly #end = (): void => this.#options.onEnd?.()
}
