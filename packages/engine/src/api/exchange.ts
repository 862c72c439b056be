/**
 * One request and its answer, as the routes see it. Two kinds arrive: a plain HTTP request, and one that asks to become
 * a raw byte stream (`Connection: Upgrade`, `Upgrade: tcp`). A route need not know which of the two it got.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { PassThrough, type Duplex, type Readable } from 'node:stream'
import { UserError } from '@mini-docker/syscall'
import type { z } from 'zod'
import { parseJson } from './json-body.ts'

export type Headers = Record<string, string>

/** The raw stream after a hijack: what the client types comes out of `input`, what is written to `output` reaches it. */
export type Hijacked = { input: Readable; output: Duplex | ServerResponse }

export abstract class Exchange {
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly query: URLSearchParams
  /** From the path pattern, percent-decoded. */
  params: Record<string, string> = {}
  /** The minor number of the API version in the path: 47 for /v1.47. */
  readonly minor: number
  /** Aborted when the client is gone. */
  readonly gone: AbortSignal
  readonly #gone = new AbortController()

  constructor(message: IncomingMessage, query: URLSearchParams, minor: number) {
    this.method = message.method ?? 'GET'
    this.headers = message.headers
    this.query = query
    this.minor = minor
    this.gone = this.#gone.signal
  }

  protected clientIsGone(): void {
    this.#gone.abort()
  }

  /** The request's body as it comes. */
  abstract readonly body: Readable
  /** True once the status line is out: an error can no longer become an HTTP status. */
  abstract readonly answered: boolean
  /** A whole answer at once. */
  abstract send(status: number, headers: Headers, body: string): void
  /** An answer in pieces: the head goes out at once, so that clients that wait for it go on. */
  abstract stream(status: number, headers: Headers): ServerResponse
  /** The connection becomes a raw stream. */
  abstract hijack(contentType: string): Hijacked
  /** Cuts the connection: for an error after the head went out. */
  abstract destroy(): void

  json(status: number, value: unknown): void {
    this.send(status, { 'Content-Type': 'application/json' }, `${JSON.stringify(value)}\n`)
  }

  empty(status: number): void {
    this.send(status, {}, '')
  }

  /** The body as JSON of this shape. @throws UserError `invalid` naming the field. */
  async readJson<T extends z.ZodType>(schema: T): Promise<z.output<T>> {
    return parseJson(this.headers, this.body, schema)
  }
}

/** An ordinary request. */
export class PlainExchange extends Exchange {
  readonly body: IncomingMessage
  readonly #response: ServerResponse

  constructor(request: IncomingMessage, response: ServerResponse, query: URLSearchParams, minor: number) {
    super(request, query, minor)
    this.body = request
    this.#response = response
    response.once('close', () => this.clientIsGone())
  }

  get answered(): boolean {
    return this.#response.headersSent
  }

  send(status: number, headers: Headers, body: string): void {
    const bodyless = status === 204 || status === 304
    const length: Headers = bodyless ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }
    this.#response.writeHead(status, { ...headers, ...length })
    this.#response.end(this.method === 'HEAD' || bodyless ? undefined : body)
  }

  stream(status: number, headers: Headers): ServerResponse {
    this.#response.writeHead(status, headers)
    this.#response.flushHeaders()
    return this.#response
  }

  /** Old style, without Upgrade: the answer's body is the raw stream up to the end of the connection, the request's body is the input. */
  hijack(contentType: string): Hijacked {
    this.#response.useChunkedEncodingByDefault = false
    this.#response.removeHeader('Transfer-Encoding')
    this.#response.writeHead(200, { 'Content-Type': contentType, Connection: 'close' })
    this.#response.flushHeaders()
    return { input: this.body, output: this.#response }
  }

  destroy(): void {
    this.#response.destroy()
  }
}

/** A request with `Connection: Upgrade`: Node hands over the socket before anything is answered. */
export class UpgradeExchange extends Exchange {
  readonly body: Readable
  readonly #socket: Duplex
  readonly #common: Headers
  readonly #upgrade: string
  #answered = false

  /** `head` is what arrived behind the request's head: first its body, when it has one, then already raw input. */
  constructor(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    query: URLSearchParams,
    minor: number,
    common: Headers,
  ) {
    super(request, query, minor)
    this.#socket = socket
    this.#common = common
    this.#upgrade = request.headers.upgrade ?? 'tcp'
    socket.once('close', () => this.clientIsGone())
    socket.on('error', () => socket.destroy())
    if (head.length > 0) socket.unshift(head)
    if (request.headers['transfer-encoding'] !== undefined)
      throw new UserError('invalid', 'a request that upgrades the connection cannot have a chunked body')
    this.body = bodyOf(socket, Number(request.headers['content-length'] ?? 0))
  }

  get answered(): boolean {
    return this.#answered
  }

  send(status: number, headers: Headers, body: string): void {
    this.#writeHead(`${status} ${status < 400 ? 'OK' : 'Error'}`, {
      ...headers,
      'Content-Length': String(Buffer.byteLength(body)),
      Connection: 'close',
    })
    this.#socket.end(body)
  }

  stream(): ServerResponse {
    throw new UserError('invalid', 'this request cannot be upgraded to a raw stream', {
      hint: 'leave out Connection: Upgrade',
    })
  }

  hijack(contentType: string): Hijacked {
    this.#writeHead('101 UPGRADED', { 'Content-Type': contentType, Connection: 'Upgrade', Upgrade: this.#upgrade })
    return { input: this.#socket, output: this.#socket }
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #writeHead(status: string, headers: Headers): void {
    this.#answered = true
    const lines = Object.entries({ ...this.#common, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
    this.#socket.write(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`)
  }
}

/** The first `length` bytes of a socket as a stream; what follows stays in the socket. */
function bodyOf(socket: Duplex, length: number): Readable {
  const body = new PassThrough()
  let missing = Number.isSafeInteger(length) && length > 0 ? length : 0
  if (missing === 0) return body.end()
  const take = (): void => {
    while (missing > 0) {
      const chunk = socket.read() as Buffer | null
      if (chunk === null) return
      if (chunk.length > missing) socket.unshift(chunk.subarray(missing))
      body.write(chunk.subarray(0, missing))
      missing -= Math.min(missing, chunk.length)
    }
    socket.off('readable', take)
    body.end()
  }
  socket.on('readable', take)
  socket.once('end', () => body.end())
  return body
}
