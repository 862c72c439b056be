/**
 * The bytes of a container's log as lines. What comes faster than anybody could read is dropped before it is looked at: between two frames the last
 * part is kept, and the lines that were dropped are counted.
 */
import { harmlessLog } from './harmless.ts'

/** Of what comes between two frames this much is read. */
const KEPT_BYTES = 256 * 1024
const MOST_BYTES = 2 * 1024 * 1024
const HEADER_BYTES = 8

export type LogNews = { lines: string[]; skipped: number }

export class LogFeed {
  /** Without a terminal both outputs share the stream, in frames (client/stdcopy.ts). */
  readonly #isFramed: boolean
  #waiting: Buffer[] = []
  #bytes = 0
  #skipped = 0
  /** Of a dropped frame, what has not come yet. */
  #toSkip = 0
  /** The beginning of a line, by output. */
  #open = ['', '', '']
  readonly #decoders = [0, 1, 2].map(() => new TextDecoder())

  constructor(isFramed: boolean) {
    this.#isFramed = isFramed
  }

  get hasNews(): boolean {
    return this.#bytes > 0
  }

  push(bytes: Buffer): void {
    let rest = bytes
    if (this.#toSkip > 0) {
      const skipped = Math.min(this.#toSkip, rest.length)
      this.#toSkip -= skipped
      rest = rest.subarray(skipped)
    }
    if (rest.length === 0) return
    this.#waiting.push(rest)
    this.#bytes += rest.length
    if (this.#bytes > MOST_BYTES) this.#drop()
  }

  /** The lines that are complete since the last call. */
  take(): LogNews {
    if (this.#bytes > KEPT_BYTES) this.#drop()
    const lines: string[] = []
    const all = Buffer.concat(this.#waiting)
    const rest = this.#isFramed ? this.#readFrames(all, lines) : this.#readText(all, 1, lines)
    this.#waiting = rest.length > 0 ? [rest] : []
    this.#bytes = rest.length
    const skipped = this.#skipped
    this.#skipped = 0
    return { lines, skipped }
  }

  /** The end: a line without its newline counts too. */
  finish(): string[] {
    const lines = this.#open.filter((text) => text !== '').map(shownLine)
    this.#open = ['', '', '']
    return lines
  }

  #readFrames(all: Buffer, lines: string[]): Buffer {
    let at = 0
    while (at + HEADER_BYTES <= all.length) {
      const end = at + HEADER_BYTES + all.readUInt32BE(at + 4)
      if (end > all.length) break
      this.#readText(all.subarray(at + HEADER_BYTES, end), Math.min(2, all.readUInt8(at)), lines)
      at = end
    }
    return all.subarray(at)
  }

  #readText(bytes: Buffer, output: number, lines: string[]): Buffer {
    const text = this.#open[output] + (this.#decoders[output]?.decode(bytes, { stream: true }) ?? '')
    const parts = text.split('\n')
    const last = parts.pop() ?? ''
    for (const part of parts) lines.push(shownLine(part))
    this.#open[output] = last.length > 64 * 1024 ? last.slice(0, 16 * 1024) : last
    return Buffer.alloc(0)
  }

  #drop(): void {
    const all = Buffer.concat(this.#waiting)
    const wanted = Math.max(0, all.length - KEPT_BYTES)
    const from = this.#isFramed ? this.#frameFrom(all, wanted) : lineFrom(all, wanted)
    if (!this.#isFramed) this.#skipped += newlinesIn(all.subarray(0, from))
    this.#open = ['', '', '']
    const rest = all.subarray(from)
    this.#waiting = rest.length > 0 ? [rest] : []
    this.#bytes = rest.length
  }

  /** The first frame that begins at `wanted` or behind. */
  #frameFrom(all: Buffer, wanted: number): number {
    let at = 0
    while (at < wanted && at + HEADER_BYTES <= all.length) {
      const end = at + HEADER_BYTES + all.readUInt32BE(at + 4)
      this.#skipped++
      if (end > all.length) {
        this.#toSkip = end - all.length
        return all.length
      }
      at = end
    }
    return at
  }
}

/** The daemon's time stays in front, whatever the line does to itself. */
function shownLine(line: string): string {
  const [time = ''] = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) /.exec(line) ?? []
  return time + harmlessLog(line.slice(time.length))
}

function lineFrom(all: Buffer, wanted: number): number {
  const newline = all.indexOf(0x0a, wanted)
  return newline === -1 ? wanted : newline + 1
}

function newlinesIn(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) count++
  return count
}
