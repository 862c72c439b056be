/** Lets one message of a kind pass in a while, and always the last. */

const INTERVAL_MS = 100

export class Pacer {
  readonly #lastMs = new Map<string, number>()
  readonly #nowMs: () => number

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
  }

  /** `last` passes always: what is done must not look unfinished. */
  passes(kind: string, last: boolean): boolean {
    const now = this.#nowMs()
    if (!last && now - (this.#lastMs.get(kind) ?? -Infinity) < INTERVAL_MS) return false
    this.#lastMs.set(kind, now)
    return true
  }
}
