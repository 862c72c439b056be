/**
 * The face `--trace`: what happened, a line per system call, as strace prints it.
 *
 *     0.002315 host      cgroup.create          mkdirat(AT_FDCWD, "/sys/fs/cgroup/…", 0755) = 0 <0.000041>
 *
 * Seconds since the first event, where, the step, the call with its result, and how long it took. Pure: the events of
 * `GET /x/containers/{id}/trace` in, lines out.
 */

/** An event of the trace, as the daemon sends it: arguments are decoded already, times are nanoseconds. */
export type TraceEvent =
  | { type: 'step'; id: string; where: string; startNs: string }
  | {
      type: 'call'
      step: string
      where: string
      text?: string
      result: number
      error?: string
      failed?: boolean
      startNs: string
      durationNs: number
    }
  | { type: 'exec'; pid: number; step: string; where: string; text: string; startNs: string }
  | { type: 'exit'; exitCode?: number }

/** Turns events into lines, remembering when the first one was. */
export class TraceFormatter {
  #firstNs: bigint | undefined

  /** The line for an event, or undefined for events that have none (a step's start is told by its calls). */
  line(event: TraceEvent): string | undefined {
    switch (event.type) {
      case 'step':
        this.#since(event.startNs)
        return undefined
      case 'call': {
        const result = event.error === undefined ? `= ${event.result}` : `= -1 ${event.error}`
        const end = event.failed === true ? ' (the program stops here)' : ''
        return `${this.#place(event)} ${event.text ?? '…'} ${result} <${seconds(event.durationNs)}>${end}`
      }
      case 'exec':
        return `${this.#place(event)} ${event.text} = 0\n+++ the container's process is ${event.pid} on the host +++`
      case 'exit':
        return event.exitCode === undefined ? undefined : `+++ exited with ${event.exitCode} +++`
    }
  }

  #place({ step, where, startNs }: { step: string; where: string; startNs: string }): string {
    return `${this.#since(startNs)} ${where.padEnd(9)} ${step.padEnd(24)}`
  }

  #since(startNs: string): string {
    const now = BigInt(startNs)
    this.#firstNs ??= now
    return seconds(Number(now - this.#firstNs))
  }
}

/** Seconds with microseconds. */
function seconds(nanoseconds: number): string {
  return (nanoseconds / 1e9).toFixed(6)
}
