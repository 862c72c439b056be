/**
 * The face `--trace` of a pull or a push: a line per HTTP request, in the columns of the system calls of a run.
 *
 *     0.084210 host      image.manifest           HEAD https://registry-1.docker.io/v2/library/alpine/manifests/3.20 = 200 0 bytes <0.051302>
 *
 * Seconds since the first request began, where, the step, the request with its answer, and how long that took. Pure. Secrets are
 * blotted out before the event leaves the daemon.
 */

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
  #firstNs: bigint | undefined

  line(event: RequestEvent): string {
    const { id, method, url } = event
    const request = `${method} ${url} = ${answerOf(event)} <${seconds(BigInt(event.durationNs))}>`
    const line = `${this.#since(BigInt(event.startNs))} ${'host'.padEnd(9)} ${id.padEnd(24)} ${request}${notesOf(event)}`
    return printableLine(line)
  }

  /** Requests are told when they end, so the first that is told need not have been the first to begin. */
  #since(startNs: bigint): string {
    this.#firstNs ??= startNs
    const since = startNs - this.#firstNs
    return seconds(since < 0n ? 0n : since)
  }
}

function answerOf({ status, bytes, bytesSent }: RequestEvent): string {
  const sent = bytesSent > 0 ? ` (${bytesSent} sent)` : ''
  return status === undefined ? `-1${sent}` : `${status} ${bytes} bytes${sent}`
}

function notesOf({ error, note }: RequestEvent): string {
  return [error, note].flatMap((text) => (text === undefined || text === '' ? [] : ` (${text})`)).join('')
}

/** Seconds with microseconds. */
function seconds(nanoseconds: bigint): string {
  return (Number(nanoseconds) / 1e9).toFixed(6)
}
