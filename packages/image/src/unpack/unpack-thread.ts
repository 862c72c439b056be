/** One thread that unpacks, as seen from outside: bytes in, a tree and its diffID out. */
import { Worker } from 'node:worker_threads'
import { reviveFailure, SLOT_BYTES, SLOTS, type FromThread, type ToThread } from './messages.ts'
import type { Unpacked, UnpackJob } from './unpack-layer.ts'

/** Of the thread's own heap, in MiB: what it holds is headers and names. */
const LIMITS = { maxYoungGenerationSizeMb: 4, stackSizeMb: 2 }

export class UnpackThread {
  readonly #worker: Worker
  readonly #ring: Buffer
  readonly #free = Array.from({ length: SLOTS }, (_, slot) => slot)
  /** Called with each message of the thread that is not about a slot. */
  #settle: (result: Exclude<FromThread, { kind: 'free' }> | Error) => void = () => {}
  #slotFreed: () => void = () => {}
  #dead = false

  constructor() {
    const memory = new SharedArrayBuffer(SLOTS * SLOT_BYTES)
    this.#ring = Buffer.from(memory)
    this.#worker = new Worker(new URL(import.meta.resolve('./unpack.worker.ts')), {
      workerData: memory,
      resourceLimits: LIMITS,
      // Files are opened by system calls of our own, and closed by fs: Node would miss them.
      trackUnmanagedFds: false,
      name: 'unpack',
    })
    this.#worker.on('message', (message: FromThread) => this.#hear(message))
    this.#worker.on('error', (error) => {
      // Its exit is told later: until then it must not be lent to another job, which would fail of this one's death.
      this.#dead = true
      this.#settle(error instanceof Error ? error : new Error(String(error)))
    })
    this.#worker.on('exit', (code) => {
      this.#dead = true
      this.#settle(new Error(`the thread that unpacks ended with ${code}`))
    })
    this.rest()
  }

  /**
   * Unpacks a layer. Reads the input to its end. The thread can be used again whatever happens, unless it died.
   * @throws what the input throws, and what `unpackLayer` throws.
   */
  async unpack(job: UnpackJob, input: AsyncIterable<Uint8Array>): Promise<Unpacked> {
    this.#worker.ref()
    const result = this.#nextResult()
    // It is awaited below; until then it must not count as unhandled.
    result.catch(() => {})
    // Of the layer before, pieces behind its end may still be on their way back.
    while (this.#free.length < SLOTS) await Promise.race([this.#waitForSlot(), result])
    this.#tell({ kind: 'begin', job })
    try {
      for await (const chunk of input) await this.#send(chunk, result)
      this.#tell({ kind: 'end' })
    } catch (error) {
      const failed = await this.#stop(result)
      throw failed ?? error
    }
    return await result
  }

  /** It ended by itself, and cannot be used any more. */
  get dead(): boolean {
    return this.#dead
  }

  /** While it rests, it does not keep the process alive. */
  rest(): void {
    this.#worker.unref()
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate()
  }

  /** Rejects with the thread's failure as soon as it is known. When the thread has all it needs, the rest goes nowhere. */
  async #send(chunk: Uint8Array, result: Promise<Unpacked>): Promise<void> {
    for (let at = 0; at < chunk.length; at += SLOT_BYTES) {
      if (this.#free.length === 0) await Promise.race([this.#waitForSlot(), result])
      const slot = this.#free.pop()
      if (slot === undefined) return
      const piece = chunk.subarray(at, at + SLOT_BYTES)
      this.#ring.set(piece, slot * SLOT_BYTES)
      this.#tell({ kind: 'bytes', slot, length: piece.length })
    }
  }

  #waitForSlot(): Promise<void> {
    return new Promise((resolve) => (this.#slotFreed = resolve))
  }

  /** Ends a job that is not wanted any more. @returns the thread's own failure, if that was the reason. */
  async #stop(result: Promise<Unpacked>): Promise<unknown> {
    let failure: unknown
    result.catch((error: unknown) => (failure = error))
    await this.#untilStopped()
    return failure
  }

  #untilStopped(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#dead) return resolve()
      this.#settle = (message) => {
        if (message instanceof Error || message.kind === 'stopped') resolve()
      }
      this.#tell({ kind: 'stop' })
    })
  }

  #nextResult(): Promise<Unpacked> {
    return new Promise((resolve, reject) => {
      this.#settle = (message) => {
        if (message instanceof Error) reject(message)
        else if (message.kind === 'unpacked') resolve(message.unpacked)
        else if (message.kind === 'failed') reject(reviveFailure(message.failure))
      }
    })
  }

  #hear(message: FromThread): void {
    if (message.kind !== 'free') return this.#settle(message)
    this.#free.push(message.slot)
    this.#slotFreed()
  }

  #tell(message: ToThread): void {
    this.#worker.postMessage(message)
  }
}
