/** The answer to a request: its head, and its body as one bounded stream. Dispose it when its body is of no interest. */
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { TimeoutError } from './network-words.ts'
import type { ExchangeOptions, HttpRequest } from './request.ts'
import { endTrace, visibleResponseHeaders, type HttpTrace } from './trace.ts'

/** What is left of an uninteresting body is read up to here, so that the connection can be used again. */
const DRAIN_BYTES = 64 << 10

type Parts = ExchangeOptions & {
  sent: ClientRequest
  request: HttpRequest
  trace: HttpTrace
  fail: (error: unknown) => unknown
}

export class Answer implements AsyncDisposable {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly request: HttpRequest
  readonly #incoming: IncomingMessage
  readonly #parts: Parts
  readonly #bodiless: boolean
  #ended = false
  #failure: unknown

  constructor(incoming: IncomingMessage, parts: Parts) {
    this.status = incoming.statusCode ?? 0
    this.headers = incoming.headers
    this.request = parts.request
    this.#incoming = incoming
    this.#parts = parts
    parts.trace.status = this.status
    parts.trace.responseHeaders = visibleResponseHeaders(incoming.headers)
    incoming.on('error', (error) => (this.#failure ??= error))
    this.#bodiless = parts.request.method === 'HEAD' || this.status === 204 || this.status === 304
    if (this.#bodiless) incoming.resume()
  }

  /** What a header says, if it is there once. */
  header(name: string): string | undefined {
    const value = this.headers[name]
    return typeof value === 'string' ? value : undefined
  }

  /** Content-Length, if it is a number. */
  get length(): number | undefined {
    const text = this.header('content-length')
    return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
  }

  /** What comes of this answer, for the trace; before its body ends. */
  note(text: string): void {
    this.#parts.trace.note = text
  }

  /**
   * The body. The clock runs only while we wait for the other side, never while the reader is at work.
   * @throws RegistryError when it is cut or stalls; the signal's reason when aborted.
   */
  async *chunks(): AsyncGenerator<Buffer, void> {
    const { signal, timeouts, trace } = this.#parts
    const incoming = this.#incoming
    let wake: (() => void) | undefined
    const listener = (): void => wake?.()
    const stop = (): void => void incoming.destroy(new Error('aborted'))
    const events = ['readable', 'end', 'error', 'close']
    for (const event of events) incoming.on(event, listener)
    signal?.addEventListener('abort', stop)
    const stall = (): void => {
      if (wake !== undefined) incoming.destroy(new TimeoutError('body', timeouts.stallMs))
    }
    const timer = setTimeout(stall, timeouts.stallMs)
    try {
      if (signal?.aborted === true) stop()
      for (;;) {
        const chunk = incoming.destroyed ? null : (incoming.read() as Buffer | null)
        if (chunk !== null) {
          trace.bytes += chunk.length
          yield chunk
          continue
        }
        if (incoming.readableEnded) break
        if (incoming.destroyed) throw this.#failure ?? Object.assign(new Error('aborted'), { code: 'ECONNRESET' })
        timer.refresh()
        await new Promise<void>((resolve) => (wake = resolve))
        wake = undefined
      }
      this.#end()
    } catch (error) {
      const failure = this.#parts.fail(error)
      this.#end(failure)
      throw failure
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
      for (const event of events) incoming.off(event, listener)
      this.#close()
    }
  }

  /**
   * The whole body, or as much of it as is over `maxBytes` by one chunk: who asks compares the length. Small things take no
   * longer than their head may: nobody keeps us waiting by sending a byte now and then.
   */
  async read(maxBytes: number): Promise<Buffer> {
    const { headMs } = this.#parts.timeouts
    const timer = setTimeout(() => this.#incoming.destroy(new TimeoutError('body', headMs)), headMs)
    using _ = { [Symbol.dispose]: () => clearTimeout(timer) }
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of this.chunks()) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > maxBytes) break
    }
    return Buffer.concat(chunks)
  }

  /** Lets the connection go, for the next request where little is left of the body. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#bodiless) this.#end()
    if (this.#ended) return
    if (this.length === undefined || this.length <= DRAIN_BYTES) await this.read(DRAIN_BYTES).catch(() => {})
    this.#close()
  }

  #close(): void {
    // An answer before the end of its request leaves the connection in the middle of a message.
    if (!this.#incoming.complete || !this.#parts.sent.writableFinished) this.#parts.sent.destroy()
    this.#end()
  }

  #end(failure?: unknown): void {
    if (this.#ended) return
    this.#ended = true
    endTrace(this.#parts.trace, this.#parts, failure)
  }
}
