/**
 * Unpacking layers beside everything else. Making twenty thousand files is a second of system calls: done on the thread that answers
 * requests, a pull would stop the daemon; what is inflated would be the garbage of its heap; and two layers would wait for each other while the second processor is idle. So layers
 * go to a few threads, which are started when they are first needed and end when they have had nothing to do for a while. Small
 * layers are unpacked right here, since a thread takes longer to start than they take.
 */
import { availableParallelism } from 'node:os'
import { unpackLayer, type Unpacked, type UnpackJob } from './unpack-layer.ts'
import { UnpackThread } from './unpack-thread.ts'

export type { Unpacked } from './unpack-layer.ts'

/** Compressed bytes up to which a layer is unpacked on this thread. */
const SMALL_BYTES = 1024 * 1024
const IDLE_MS = 5000

/**
 * Unpacks a layer, compressed or not, and says its diffID. `sizeHint`: about how many bytes the input has.
 * @throws what the input throws, and what `unpackLayer` throws.
 */
export async function unpackTree(
  job: UnpackJob,
  input: AsyncIterable<Uint8Array>,
  sizeHint: number,
): Promise<Unpacked> {
  if (sizeHint <= SMALL_BYTES) return await unpackLayer(job, input)
  return await threads.run((thread) => thread.unpack(job, input))
}

/** Threads that are lent to one job each. */
class Threads {
  readonly #limit: number
  readonly #resting: { thread: UnpackThread; timer: NodeJS.Timeout }[] = []
  readonly #waiting: ((thread: UnpackThread) => void)[] = []
  #count = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  async run<T>(job: (thread: UnpackThread) => Promise<T>): Promise<T> {
    const thread = await this.#take()
    try {
      return await job(thread)
    } finally {
      this.#giveBack(thread)
    }
  }

  async #take(): Promise<UnpackThread> {
    const resting = this.#resting.pop()
    if (resting !== undefined) {
      clearTimeout(resting.timer)
      return resting.thread
    }
    if (this.#count < this.#limit) {
      this.#count++
      return new UnpackThread()
    }
    return await new Promise((resolve) => this.#waiting.push(resolve))
  }

  #giveBack(thread: UnpackThread): void {
    if (thread.dead) {
      this.#count--
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#count++
      next(new UnpackThread())
      return
    }
    const next = this.#waiting.shift()
    if (next !== undefined) return next(thread)
    thread.rest()
    const timer = setTimeout(() => this.#end(thread), IDLE_MS).unref()
    this.#resting.push({ thread, timer })
  }

  #end(thread: UnpackThread): void {
    const at = this.#resting.findIndex((one) => one.thread === thread)
    this.#resting.splice(at, 1)
    this.#count--
    void thread.terminate().catch(() => {})
  }
}

/** One for each processor, and two at least: while one waits for the disk, the other works. */
const threads = new Threads(Math.min(Math.max(availableParallelism(), 2), 4))
