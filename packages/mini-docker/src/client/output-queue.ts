/** Output on its way to stdout and stderr: written in order, while more is being read, and never much of it in memory. */
import type { Terminal } from '../cli/terminal.ts'
import type { Piece } from './stdcopy.ts'

const FULL_BYTES = 512 * 1024
const ROOM_BYTES = 128 * 1024
/** Bigger pieces are written as they are: copying them costs more than a second write. */
const RUN_BYTES = 16 * 1024

/** Takes pieces as they come. `pause` and `resume` tell the source when the reader of our output is slower than it. */
export class OutputQueue {
  readonly #terminal: Pick<Terminal, 'write'>
  readonly #source: { pause: () => void; resume: () => void }
  readonly #waiting: Piece[] = []
  #waitingBytes = 0
  #writer: Promise<void> | undefined
  /** Falls in the same turn in which the writer finds nothing more, so that no piece is left between two writers. */
  #running = false
  #failure: unknown

  constructor(terminal: Pick<Terminal, 'write'>, source: { pause: () => void; resume: () => void }) {
    this.#terminal = terminal
    this.#source = source
  }

  push(pieces: readonly Piece[]): void {
    for (const piece of pieces) this.#waitingBytes += piece.bytes.length
    this.#waiting.push(...pieces)
    if (this.#waitingBytes > FULL_BYTES) this.#source.pause()
    if (this.#running) return
    this.#writer = this.#writeAll()
    this.#writer.catch(() => {})
  }

  /** Resolves when everything is written; rejects when writing has failed, now or before. */
  async done(): Promise<void> {
    do await this.#writer
    while (this.#running)
    if (this.#failure !== undefined) throw this.#failure
  }

  async #writeAll(): Promise<void> {
    this.#running = true
    try {
      for (let next = this.#takeRun(); next !== undefined; next = this.#takeRun()) {
        await this.#terminal.write(next.fd, next.bytes)
        this.#waitingBytes -= next.bytes.length
        if (this.#waitingBytes < ROOM_BYTES) this.#source.resume()
      }
    } catch (error) {
      this.#failure ??= error
      this.#source.resume()
      throw error
    } finally {
      this.#running = false
    }
  }

  /** The next piece; small ones for one output go together, up to where the other one begins: one write instead of many. */
  #takeRun(): Piece | undefined {
    const [first] = this.#waiting
    if (first === undefined) return undefined
    let end = 1
    for (let size = first.bytes.length; end < this.#waiting.length; end++) {
      const next = this.#waiting[end] as Piece
      size += next.bytes.length
      if (next.fd !== first.fd || size > RUN_BYTES) break
    }
    const run = this.#waiting.splice(0, end)
    return run.length === 1 ? first : { fd: first.fd, bytes: Buffer.concat(run.map(({ bytes }) => bytes)) }
  }
}
