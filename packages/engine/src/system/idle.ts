/** Notices when a daemon that was started for one command is no longer needed. */
export class IdleTimer {
  readonly #timeoutMs: number | undefined
  readonly #busy: () => boolean
  #requests = 0
  #timer: NodeJS.Timeout | undefined
  #onIdle: (() => void) | undefined

  /** `busy` is asked when the time is over: with something running the wait begins anew. */
  constructor(timeoutMs: number | undefined, busy: () => boolean) {
    this.#timeoutMs = timeoutMs
    this.#busy = busy
  }

  start(onIdle: () => void): void {
    this.#onIdle = onIdle
    this.#rearm()
  }

  stop(): void {
    this.#onIdle = undefined
    clearTimeout(this.#timer)
  }

  /** A request began or ended. */
  activity(change: 1 | -1): void {
    this.#requests += change
    this.#rearm()
  }

  #rearm(): void {
    clearTimeout(this.#timer)
    if (this.#timeoutMs === undefined || this.#onIdle === undefined || this.#requests > 0) return
    this.#timer = setTimeout(() => (this.#busy() ? this.#rearm() : this.#onIdle?.()), this.#timeoutMs)
  }
}
