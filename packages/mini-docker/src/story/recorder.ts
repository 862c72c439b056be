/**
 * Writes a run into a file as it happens. Output is gathered for a frame's time; of more than a screen could have shown in that time only
 * the end is kept, as on the screen, so that a flood does not fill the disk.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import { recordingEnd, recordingHead, recordingLine, type ToldEvent } from '@mini-docker/story'
import type { OutputStream, Reader } from './live.ts'

const GATHER_MS = 40
const MOST_PER_GATHER = 64 * 1024

export class Recorder implements Reader, Disposable {
  readonly #fd: number
  #pending: { stream: OutputStream; chunks: Buffer[]; bytes: number; t: number } | undefined
  #timer: NodeJS.Timeout | undefined
  #last = 0

  /** Makes the file; throws the system's error where it cannot. What was there is replaced. */
  constructor(path: string) {
    this.#fd = openSync(path, 'w', 0o644)
    writeSync(this.#fd, recordingHead())
  }

  event(event: ToldEvent): void {
    this.#flush()
    this.#write(event)
  }

  output(stream: OutputStream, bytes: Buffer, t: number): void {
    if (this.#pending !== undefined && this.#pending.stream !== stream) this.#flush()
    this.#pending ??= { stream, chunks: [], bytes: 0, t }
    const { chunks } = this.#pending
    chunks.push(bytes)
    this.#pending.bytes += bytes.length
    while (chunks.length > 1 && this.#pending.bytes - (chunks[0]?.length ?? 0) > MOST_PER_GATHER)
      this.#pending.bytes -= chunks.shift()?.length ?? 0
    this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS)
  }

  [Symbol.dispose](): void {
    this.#flush()
    writeSync(this.#fd, recordingEnd(this.#last))
    closeSync(this.#fd)
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#pending === undefined) return
    const { stream, chunks, t } = this.#pending
    this.#pending = undefined
    this.#write({
      type: 'output',
      t,
      stream,
      data: Buffer.concat(chunks).subarray(-MOST_PER_GATHER).toString('base64'),
    })
  }

  #write(event: ToldEvent): void {
    this.#last = Math.max(this.#last, event.t)
    writeSync(this.#fd, recordingLine({ ...event, t: Math.round(event.t * 1000) / 1000 }))
  }
}
