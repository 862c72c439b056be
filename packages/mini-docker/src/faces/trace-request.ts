/**
 * The face `--trace` of a pull or a push: a line per HTTP request, in the columns of the system calls of a run.
 *
 *     0.084210 host      image.manifest           HEAD https://registry-1.docker.io/v2/library/alpine/manifests/3.20 = 200 0 bytes <0.051302>
 *
 * Seconds since the first request began, where, the step, the request with its answer, and how long that took. Pure. Secrets are
 * blotted out before the event leaves the daemon.
 */
import { TraceLines } from '@mini-docker/image/trace'
import { printableLine } from '../format/printable.ts'

/** One request that has ended, as the daemon tells it: times are nanoseconds, in decimal. */
export type RequestEvent = {
  id: string
  method: string
  url: string
  /** Absent where no answer came. */
  status?: number
  bytes: number
  bytesSent: number
  startNs: string
  durationNs: string
  error?: string
  note?: string
}

/** Turns events into lines, remembering when the first request began. */
export class RequestFormatter {
  readonly #lines = new TraceLines((id) => `${'host'.padEnd(9)} ${id.padEnd(24)}`)

  line(event: RequestEvent): string {
    const { status, startNs, durationNs } = event
    const trace = { ...event, status, startNs: BigInt(startNs), durationNs: BigInt(durationNs) }
    return printableLine(this.#lines.line(trace))
  }
}
