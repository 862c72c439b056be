/** Pulls and pushes under way: each ends when its client goes, and all of them before the daemon does. */

export class Transfers implements AsyncDisposable {
  readonly #running = new Set<Promise<unknown>>()
  readonly #ending = new AbortController()

  get count(): number {
    return this.#running.size
  }

  /** Runs `work` until it ends; its signal is aborted when `gone` is, or the daemon ends. */
  async run(gone: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const signal = AbortSignal.any([gone, this.#ending.signal])
    const running = work(signal)
    this.#running.add(running)
    try {
      await running
    } finally {
      this.#running.delete(running)
    }
  }

  /** Resolves when the last one has let go of what it holds. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Error('the daemon ends'))
    await Promise.allSettled(this.#running)
  }
}
