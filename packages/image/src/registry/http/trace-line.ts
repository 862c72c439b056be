/**
 * HTTP requests as strace prints system calls, a line each when it has ended:
 *
 *     0.084210 image.manifest  GET https://registry-1.docker.io/v2/library/alpine/manifests/3.20 = 200 1638 bytes <0.051302>
 *
 * Seconds since the first request began, what it is for, the request with its answer, and how long it took.
 */
import type { HttpTrace } from './trace.ts'

export type TracedRequest = Pick<
  HttpTrace,
  'method' | 'url' | 'status' | 'bytes' | 'bytesSent' | 'startNs' | 'durationNs' | 'error' | 'note'
> & { id: string }

export class TraceLines {
  readonly #place: (id: string) => string
  #firstNs: bigint | undefined

  /** `place` writes what stands between the time and the request; the step's id by default. */
  constructor(place = (id: string): string => id.padEnd(15)) {
    this.#place = place
  }

  /** Without the line's end. */
  line(trace: TracedRequest): string {
    const { id, method, url, error, note } = trace
    this.#firstNs ??= trace.startNs
    // Requests are told when they end: the first one told need not have begun first.
    const since = trace.startNs > this.#firstNs ? trace.startNs - this.#firstNs : 0n
    const notes = [error, note].flatMap((text) => (text === undefined || text === '' ? [] : ` (${text})`)).join('')
    return `${seconds(since)} ${this.#place(id)} ${method} ${url} = ${answer(trace)} <${seconds(trace.durationNs)}>${notes}`
  }
}

function answer({ status, bytes, bytesSent }: TracedRequest): string {
  const sent = bytesSent > 0 ? ` (${bytesSent} sent)` : ''
  return status === undefined ? `-1${sent}` : `${status} ${bytes} bytes${sent}`
}

/** With microseconds. */
function seconds(nanoseconds: bigint): string {
  return (Number(nanoseconds) / 1e9).toFixed(6)
}
