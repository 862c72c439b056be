/**
 * Progress on a terminal: a block of lines, one for each id in the order of their coming, redrawn in place above the cursor.
 *
 *     c7502def9ee7: Pull complete                     ┐
 *     60285464c090: Extracting  1.84MB/2.501MB        │ the block
 *     0113f453b2b4: Downloading  425kB/2.501MB        ┘
 *     █                                                 the cursor, always at the start of the line below
 *
 * An update is one write, so that nothing flickers, and at most twenty come in a second. A block that is higher than the
 * terminal shows what is still at work and counts the rest; when it ends, all lines are written out.
 */
import { printableLine } from '../../format/printable.ts'
import { clip, columnsOf } from '../../format/width.ts'
import { progressBar } from './bar.ts'
import type { ProgressMessage } from './message.ts'

const REDRAW_MS = 50

export type ScreenSize = { rows: number; columns: number }

export class ProgressBlock implements Disposable {
  readonly #write: (text: string) => void
  readonly #size: () => ScreenSize
  readonly #messages = new Map<string, ProgressMessage>()
  /** The lines that stand above the cursor now, and the width they were made for. */
  #drawn: string[] = []
  #drawnColumns = 0
  #drawnAtMs = 0
  #timer: NodeJS.Timeout | undefined
  #failure: unknown

  constructor(write: (text: string) => void, size: () => ScreenSize) {
    this.#write = write
    this.#size = size
  }

  /** Shows a message's status on the line of its id, now or within 50 ms. */
  update(id: string, message: ProgressMessage): void {
    if (this.#failure !== undefined) throw this.#failure
    this.#messages.set(id, message)
    if (this.#timer !== undefined) return
    const waitMs = this.#drawnAtMs + REDRAW_MS - Date.now()
    if (waitMs <= 0) this.#redraw()
    else this.#timer = setTimeout(() => this.#redrawLater(), waitMs)
  }

  /** Ends the block: its lines stay as they are, what comes next goes below. */
  end(): void {
    if (this.#messages.size > 0) this.#redraw('all')
    this.#messages.clear()
    this.#drawn = []
  }

  [Symbol.dispose](): void {
    this.end()
  }

  /** A terminal that is gone is told to the next update, which can end the command. */
  #redrawLater(): void {
    try {
      this.#redraw()
    } catch (error) {
      this.#failure = error
    }
  }

  #redraw(which: 'what fits' | 'all' = 'what fits'): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const size = this.#size()
    const all = [...this.#messages].map(([id, message]) => lineOf(id, message, size.columns))
    const lines = which === 'all' || all.length < size.rows ? all : window([...this.#messages], all, size)
    const text = repaint(this.#drawn, lines, { ...size, fresh: size.columns !== this.#drawnColumns })
    if (text !== '') this.#write(text)
    this.#drawn = lines
    this.#drawnColumns = size.columns
    this.#drawnAtMs = Date.now()
  }
}

function lineOf(id: string, { status = '', progressDetail, progress }: ProgressMessage, columns: number): string {
  const bar = progressDetail === undefined ? (progress ?? '') : progressBar(progressDetail, columns)
  // One column stays free: a terminal that is full to the last one may be about to wrap.
  return clip(printableLine(`${id}: ${status}${bar === '' ? '' : ` ${bar}`}`), columns - 1)
}

const FINISHED = /^(Pull complete|Already exists|Layer already exists|Pushed|Mounted from)/

/** What fits of a block that is too high: the first lines that are at work, and a count of the others. */
function window(
  messages: ReadonlyArray<[string, ProgressMessage]>,
  lines: readonly string[],
  { rows, columns }: ScreenSize,
): string[] {
  const room = Math.max(0, rows - 2)
  const isFinished = (index: number) => FINISHED.test(messages[index]?.[1].status ?? '')
  const indexes = lines.map((_, index) => index)
  const working = indexes.filter((index) => !isFinished(index)).slice(0, room)
  const finished = indexes.filter(isFinished)
  const free = room - working.length
  const shown = new Set([...working, ...(free > 0 ? finished.slice(-free) : [])])
  const rest = `… ${lines.length - shown.size} more, ${finished.length} of ${lines.length} complete`
  return [...lines.filter((_, index) => shown.has(index)), clip(rest, columns - 1)]
}

/**
 * What to write so that `lines` stand where `drawn` do. `fresh`: the terminal has another width now; those of today then
 * break the lines anew, and all is drawn again from the top.
 */
function repaint(
  drawn: readonly string[],
  lines: readonly string[],
  { columns, rows, fresh }: ScreenSize & { fresh: boolean },
): string {
  if (fresh || lines.length < drawn.length) {
    const height = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(columnsOf(line) / columns)), 0)
    return `${up(Math.min(height, rows - 1))}\r\x1b[J${lines.map((line) => `${line}\n`).join('')}`
  }
  let text = ''
  let row = drawn.length
  for (const [index, line] of lines.entries()) {
    if (line === drawn[index]) continue
    text += `${move(index - row)}${line}\x1b[K\r`
    // Only "\n" scrolls, which a new line at the bottom needs.
    if (index >= drawn.length) text += '\n'
    row = index >= drawn.length ? index + 1 : index
  }
  return text + move(Math.max(lines.length, drawn.length) - row)
}

function move(rows: number): string {
  if (rows < 0) return up(-rows)
  return rows === 0 ? '' : `\x1b[${rows}B`
}

function up(rows: number): string {
  return rows === 0 ? '' : `\x1b[${rows}A`
}
