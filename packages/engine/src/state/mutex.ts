/** One thing at a time, in the order of asking. */
export class Mutex {
  #tail: Promise<unknown> = Promise.resolve()
  #waiting = 0

  /** Runs `work` when all that asked before are done; its error reaches the caller and nobody else. */
  run<T>(work: () => T | Promise<T>): Promise<T> {
    this.#waiting++
    const result = this.#tail.then(work)
    this.#tail = result.then(
      () => this.#waiting--,
      () => this.#waiting--,
    )
    return result
  }

  /** Someone holds it or waits for it. */
  get busy(): boolean {
    return this.#waiting > 0
  }
}
