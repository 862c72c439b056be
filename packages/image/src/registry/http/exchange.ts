/**
 * One HTTP request and its answer, over node:http: no redirects, no authorization, no second try; those are told apart in
 * `follow.ts`, `authorizer.ts` and `retry.ts`. Each phase has a clock of its own, and each exchange is told once, when it ends.
 */
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { Answer } from './answer.ts'
import { Clock } from './clock.ts'
import { networkError } from './network-words.ts'
import type { ExchangeOptions, HttpRequest, Method, RequestBody } from './request.ts'
import { endTrace, visibleRequestHeaders, visibleUrl, type HttpTrace } from './trace.ts'

/**
 * Sends a request; resolves with the head of its answer.
 * @throws RegistryError when no answer comes; the signal's reason when it is aborted.
 */
export async function exchange(request: HttpRequest, options: ExchangeOptions): Promise<Answer> {
  options.signal?.throwIfAborted()
  const { method, url, body } = request
  const headers = { ...bodyHeaders(method, body), ...request.headers }
  const trace = startTrace(request, headers)
  const fail = (error: unknown): unknown =>
    options.signal?.aborted === true ? options.signal.reason : networkError(request, error)
  const sent = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, { method, headers, agent: options.agent })
  using clock = new Clock(sent, options.timeouts)
  const abort = (): void => void sent.destroy(new Error('aborted'))
  options.signal?.addEventListener('abort', abort)
  try {
    const head = headOf(sent)
    if (body === undefined) sent.end(() => clock.waiting())
    else await Promise.race([head, quietly(send(sent, body, clock, trace))])
    return new Answer(await head, { sent, request, trace, fail, ...options })
  } catch (error) {
    sent.destroy()
    const failure = error instanceof SourceError ? error.cause : fail(error)
    endTrace(trace, options, failure)
    throw failure
  } finally {
    options.signal?.removeEventListener('abort', abort)
  }
}

function bodyHeaders(method: Method, body: RequestBody | undefined): Record<string, string> {
  if (body?.size !== undefined) return { 'content-length': String(body.size) }
  if (body !== undefined) return { 'transfer-encoding': 'chunked' }
  return method === 'GET' || method === 'HEAD' ? {} : { 'content-length': '0' }
}

function headOf(sent: ClientRequest): Promise<IncomingMessage> {
  const head = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve)
    sent.on('error', reject)
    sent.once('close', () => reject(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })))
  })
  head.catch(() => {})
  return head
}

/** Writes no faster than the connection takes it. An answer may come before the end; the rest is not sent then. */
async function send(sent: ClientRequest, body: RequestBody, clock: Clock, trace: HttpTrace): Promise<void> {
  let answered = false
  sent.once('response', () => (answered = true))
  try {
    for await (const chunk of body.open()) {
      if (answered || sent.destroyed) return
      const room = sent.write(chunk)
      trace.bytesSent += chunk.length
      if (!room) await drained(sent, clock)
      clock.rest()
    }
  } catch (error) {
    throw new SourceError('the source of the body failed', { cause: error })
  }
  clock.sending()
  sent.end(() => clock.waiting())
}

/** An answer that came early has won the race; what happens to the rest of the body is of no interest then. */
function quietly<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

/** What was to be sent could not be read: told as it is, it has nothing to do with the network. */
class SourceError extends Error {}

function drained(sent: ClientRequest, clock: Clock): Promise<void> {
  clock.sending()
  return new Promise((resolve) => {
    if (sent.destroyed) return resolve()
    const done = (): void => {
      for (const event of ['drain', 'close', 'response']) sent.off(event, done)
      resolve()
    }
    for (const event of ['drain', 'close', 'response']) sent.on(event, done)
  })
}

function startTrace({ step, method, url, note }: HttpRequest, headers: Record<string, string>): HttpTrace {
  return {
    id: step,
    method,
    url: visibleUrl(url),
    requestHeaders: visibleRequestHeaders(headers),
    status: undefined,
    responseHeaders: {},
    bytes: 0,
    bytesSent: 0,
    startNs: process.hrtime.bigint(),
    durationNs: 0n,
    ...(note !== undefined && { note }),
  }
}
