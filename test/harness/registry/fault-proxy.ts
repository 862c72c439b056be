/**
 * A proxy on its own port in front of a registry that does to answers what networks and bad servers do, and records all requests.
 *
 *   await using proxy = await FaultProxy.start(registry)
 *   proxy.faults = [{ kind: 'cut', on: /blobs/, afterBytes: 1000, times: 1 }]
 *   … pull from proxy.host …
 *   proxy.requests
 *
 * It speaks TLS with the registry's certificate when the registry does. Faults are tried in their order; of each kind, the first
 * that matches a request strikes it.
 */
import { readFileSync } from 'node:fs'
import {
  createServer,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer, request as httpsRequest } from 'node:https'
import { sleep } from '../eventually.ts'
import { BlobHost } from './blob-host.ts'
import { spoil } from './fault-stream.ts'
import { roll, type Deed, type Fault, type ProxiedRequest, type Struck } from './faults.ts'
import { closeServer, listenOnLoopback } from './listen.ts'
import type { Registry } from './registry.ts'

export class FaultProxy implements AsyncDisposable {
  /** `127.0.0.1:PORT`, to be used in place of the registry's. */
  readonly host: string
  readonly url: string
  /** What it does from now on; may be changed at any time. `times` counts within one array. */
  faults: readonly Fault[] = []
  /** All requests, in the order in which they came. */
  readonly requests: ProxiedRequest[] = []
  /** Where `redirect` sends: `localhost:PORT`, another host than this. */
  readonly elsewhere: BlobHost
  readonly #registry: Registry
  readonly #server: Server
  readonly #struck = new WeakMap<Fault, number>()

  private constructor(registry: Registry, server: Server, port: number, elsewhere: BlobHost) {
    this.#registry = registry
    this.#server = server
    this.elsewhere = elsewhere
    this.host = `127.0.0.1:${port}`
    this.url = `${registry.certificates ? 'https' : 'http'}://${this.host}`
    registry.trust(this.host)
    server.on('request', (request, response) => void this.#serve(request, response))
  }

  static async start(registry: Registry): Promise<FaultProxy> {
    const { certificates } = registry
    const server = certificates
      ? createTlsServer({ cert: readFileSync(certificates.certificate), key: readFileSync(certificates.key) })
      : createServer()
    // A pull with faults may hold a connection for long.
    server.requestTimeout = 0
    const elsewhere = await BlobHost.start(registry)
    return new FaultProxy(registry, server, await listenOnLoopback(server), elsewhere)
  }

  /** The requests whose `METHOD /path` matches. */
  matching(pattern: RegExp): ProxiedRequest[] {
    return this.requests.filter(({ method, path }) => pattern.test(`${method} ${path}`))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeServer(this.#server)
    await this.elsewhere[Symbol.asyncDispose]()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const record: ProxiedRequest = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      startedMs: performance.now(),
      endedMs: undefined,
      status: undefined,
      sentBytes: 0,
      receivedBytes: 0,
    }
    this.requests.push(record)
    const struck = this.#strike(`${record.method} ${record.path}`)
    request.on('data', (chunk: Buffer) => (record.sentBytes += chunk.length))
    request.pause()
    response.on('close', () => (record.endedMs = performance.now()))
    // A client that goes away is no error of the proxy's.
    for (const side of [request, response]) side.on('error', () => {})
    try {
      if (struck.delay) await sleep(roll(struck.delay.ms))
      await this.#answer(request, response, record, struck)
    } catch {
      response.destroy()
    }
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    record: ProxiedRequest,
    struck: Struck,
  ): Promise<void> {
    if (struck.status) return madeUp(request, response, record, statusAnswer(struck.status), struck)
    if (struck.redirect) return madeUp(request, response, record, this.#redirect(request, struck.redirect), struck)
    if (struck.answer) return madeUp(request, response, record, struck.answer, struck)
    const upstream = this.#ask(request, struck)
    if (struck['cut-upload']) cutUpload(request, upstream, struck['cut-upload'].afterBytes)
    request.pipe(upstream)
    response.on('close', () => upstream.destroy())
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      upstream.on('response', resolve)
      upstream.on('error', reject)
    })
    await spoil(answer, response, record, { status: answer.statusCode ?? 502, headers: answer.headers }, struck)
  }

  /** The same request to the registry; Host stays the proxy's, so that absolute locations lead back here. */
  #ask(request: IncomingMessage, struck: Struck): ClientRequest {
    const url = new URL(request.url ?? '/', this.#registry.url)
    const headers = { ...request.headers }
    if (struck['no-range']) delete headers['range']
    const { certificates } = this.#registry
    const options = { method: request.method, headers, agent: false as const }
    return certificates
      ? httpsRequest(url, { ...options, ca: readFileSync(certificates.ca) })
      : httpRequest(url, options)
  }

  #strike(line: string): Struck {
    const struck: Struck = {}
    for (const fault of this.faults) {
      const count = this.#struck.get(fault) ?? 0
      if (fault.kind in struck || count >= (fault.times ?? Infinity) || fault.on?.test(line) === false) continue
      this.#struck.set(fault, count + 1)
      Object.assign(struck, { [fault.kind]: fault })
    }
    return struck
  }

  #redirect(request: IncomingMessage, { to, status = 307 }: Extract<Deed, { kind: 'redirect' }>): MadeUp {
    const location = to ?? `${this.elsewhere.url}${request.url ?? '/'}`
    return { kind: 'answer', status, headers: { Location: location }, body: '' }
  }
}

type MadeUp = Extract<Deed, { kind: 'answer' }>

function statusAnswer(fault: Extract<Deed, { kind: 'status' }>): MadeUp {
  const errors = [{ code: fault.status === 429 ? 'TOOMANYREQUESTS' : 'UNAVAILABLE', message: 'the proxy says no' }]
  const headers = {
    'Content-Type': fault.contentType ?? 'application/json',
    ...(fault.retryAfter !== undefined && { 'Retry-After': fault.retryAfter }),
  }
  return { kind: 'answer', status: fault.status, headers, body: fault.body ?? JSON.stringify({ errors }) }
}

async function madeUp(
  request: IncomingMessage,
  response: ServerResponse,
  record: ProxiedRequest,
  { status, headers = {}, body }: MadeUp,
  struck: Struck,
): Promise<void> {
  request.resume()
  const endless = typeof body === 'function'
  const length = endless ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const chunks = endless ? body() : pieces(Buffer.from(body))
  const bodyless = record.method === 'HEAD'
  await spoil(toAsync(bodyless ? [] : chunks), response, record, { status, headers: { ...length, ...headers } }, struck)
}

/** As a network would bring it, so that a client that goes away has not got all. */
function* pieces(body: Buffer): Generator<Uint8Array> {
  for (let at = 0; at < body.length; at += PIECE_BYTES) yield body.subarray(at, at + PIECE_BYTES)
}

const PIECE_BYTES = 64 << 10

async function* toAsync(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    yield chunk
    // Lets other sockets have their turn when the body never ends.
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function cutUpload(request: IncomingMessage, upstream: ClientRequest, afterBytes: number): void {
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= afterBytes) return
    // What has been passed on shall reach the registry before the connection breaks.
    setTimeout(() => upstream.destroy(), 20)
    request.socket.destroy()
  })
}
