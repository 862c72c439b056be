/** The reading end of the ring: the pieces of one layer, in their order, as whoever inflates it asks for them. */
import { SLOT_BYTES } from './messages.ts'

/** A piece shorter than this is copied, so that it may be kept while the next is asked for. */
const COPIED_BYTES = 1024

type Piece = { slot: number; length: number }

export class Arriving implements AsyncIterableIterator<Uint8Array> {
  readonly #ring: Buffer
  readonly #free: (slot: number) => void
  readonly #waiting: Piece[] = []
  /** The slot whose bytes the reader has now. */
  #lent: number | undefined
  #state: 'open' | 'ended' | 'closed' | { failed: Error } = 'open'
  #wake: () => void = () => {}

  /** `free` is told of each slot that may be filled again. */
  constructor(ring: Buffer, free: (slot: number) => void) {
    this.#ring = ring
    this.#free = free
  }

  push(piece: Piece): void {
    if (this.#state === 'closed') return this.#free(piece.slot)
    this.#waiting.push(piece)
    this.#wake()
  }

  /** No more pieces come. */
  end(): void {
    if (this.#state === 'open') this.#state = 'ended'
    this.#wake()
  }

  /** Whoever reads gets this error. */
  fail(failed: Error): void {
    this.#state = { failed }
    this.#wake()
  }

  /** The bytes stand where they are until the next piece is asked for. */
  async next(): Promise<IteratorResult<Uint8Array>> {
    this.#takeBack()
    for (;;) {
      if (typeof this.#state === 'object') throw this.#state.failed
      const piece = this.#waiting.shift()
      if (piece !== undefined) return { done: false, value: this.#lend(piece) }
      if (this.#state !== 'open') return { done: true, value: undefined }
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** The reader has enough: what still comes is passed over. */
  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#state = 'closed'
    this.#takeBack()
    for (const { slot } of this.#waiting.splice(0)) this.#free(slot)
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #lend({ slot, length }: Piece): Uint8Array {
    const bytes = this.#ring.subarray(slot * SLOT_BYTES, slot * SLOT_BYTES + length)
    if (length > COPIED_BYTES) {
      this.#lent = slot
      return bytes
    }
    const copy = Buffer.from(bytes)
    this.#free(slot)
    return copy
  }

  #takeBack(): void {
    if (this.#lent !== undefined) this.#free(this.#lent)
    this.#lent = undefined
  }
}
