/**
 * Images of a store for machines around it: the pull half of a registry, over HTTP or HTTPS, made for a class of several hundred
 * clients and for a network that is slow and breaks.
 *
 *   await using server = await ImageServer.listen(store, { host: '0.0.0.0', port: 5000 })
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTLSServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { UserError } from '@mini-docker/syscall'
import type { Reference } from '../reference.ts'
import { StorePaths } from '../store/paths.ts'
import type { ImageStore } from '../store/store.ts'
import { refuse, type Answer, type BlobPart } from './answer.ts'
import { catalogueOf, type Catalogue } from './catalogue.ts'
import { Pulls, type Pull, type Transfer } from './pulls.ts'
import { answer, unknownBlob } from './registry.ts'
import { parseRoute, type Route } from './route.ts'
import { send, type Sent } from './send.ts'

export type ServeOptions = {
  /** `0.0.0.0` for all addresses of this machine. */
  host: string
  /** 0 for a free one: see `port` of the server. */
  port: number
  /** PEM. Without it the registry is plain HTTP. */
  tls?: { cert: string; key: string }
  /** Which names are offered; all by default. */
  offers?: (name: Reference) => boolean
  /** Further ones are refused. A docker client uses about four. Default 4000. */
  connectionsMax?: number
  /** A connection on which nothing moves for so long is ended. Default one minute. */
  idleTimeoutMs?: number
  /** Told of each pull when it is over. */
  onPull?: (pull: Pull) => void
  /** What went wrong on this side: a disk that fails, connections over the limit. */
  onProblem?: (error: Error) => void
}

const CONNECTIONS_MAX = 4000
const IDLE_MS = 60_000
/** A request has no body and few headers: who needs longer means no good. */
const REQUEST_MS = 15_000
const HEADERS_MAX_BYTES = 16 * 1024
/** How long a stop waits for transfers that are under way. */
const STOP_MS = 10_000

export class ImageServer implements AsyncDisposable {
  readonly port: number
  /** What is offered right now. @throws UserError when the store's list cannot be read. */
  readonly catalogue: () => Catalogue
  readonly #server: Server
  readonly #pulls: Pulls
  /** Requests that are being answered. */
  readonly #running: ReadonlySet<Promise<void>>

  private constructor(server: Server, catalogue: () => Catalogue, pulls: Pulls, running: ReadonlySet<Promise<void>>) {
    this.#running = running
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    this.catalogue = catalogue
    this.#pulls = pulls
  }

  /** @throws UserError when the address cannot be had, or certificate and key do not fit. */
  static async listen(store: ImageStore, options: ServeOptions): Promise<ImageServer> {
    const catalogue = catalogueOf(store, options.offers)
    const pulls = new Pulls(options.onPull ?? (() => {}))
    const server = makeServer(options)
    const running = new Set<Promise<void>>()
    server.on('request', serveFrom(store, catalogue, pulls, running, options.onProblem ?? (() => {})))
    guard(server, options)
    await listen(server, options)
    return new ImageServer(server, catalogue, pulls, running)
  }

  /** Takes no more connections, lets transfers end for up to `graceMs`, then cuts them. */
  async stop(graceMs = STOP_MS): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeIdleConnections()
    const timer = setTimeout(() => this.cut(), graceMs)
    await closed
    clearTimeout(timer)
    await Promise.all(this.#running)
    this.#pulls[Symbol.dispose]()
  }

  /** Ends every connection at once: for who does not want to wait for `stop`. */
  cut(): void {
    this.#server.closeAllConnections()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.stop()
  }
}

function makeServer({ tls }: ServeOptions): Server {
  const options = { maxHeaderSize: HEADERS_MAX_BYTES, connectionsCheckingInterval: 5000 }
  if (tls === undefined) return createServer(options)
  try {
    return createTLSServer({ ...options, ...tls, handshakeTimeout: REQUEST_MS })
  } catch (cause) {
    throw new UserError('invalid', `certificate and key cannot be used: ${(cause as Error).message}`, {
      cause,
      hint: 'both must be PEM files, and the key that of the certificate',
    })
  }
}

/** Against slow and greedy clients. */
function guard(server: Server, { connectionsMax, idleTimeoutMs, onProblem }: ServeOptions): void {
  server.maxConnections = connectionsMax ?? CONNECTIONS_MAX
  server.headersTimeout = REQUEST_MS
  server.requestTimeout = REQUEST_MS
  server.timeout = idleTimeoutMs ?? IDLE_MS
  server.keepAliveTimeout = idleTimeoutMs ?? IDLE_MS
  server.on('drop', () => onProblem?.(new Error(`refused a connection: there are ${server.maxConnections} already`)))
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    else socket.destroy()
  })
}

async function listen(server: Server, { host, port }: ServeOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ host, port, backlog: 1024 }, resolve)
  try {
    await promise
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw new UserError('unavailable', `cannot listen on ${host}:${port}: ${LISTEN_ERRORS[code ?? ''] ?? message}`, {
      cause,
      ...(code === 'EADDRINUSE' && { hint: 'another registry? choose another port' }),
    })
  }
  server.off('error', reject)
}

const LISTEN_ERRORS: Record<string, string> = {
  EADDRINUSE: 'the port is in use',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'ports below 1024 need root',
  ENOTFOUND: 'no such host',
}

function serveFrom(
  store: ImageStore,
  catalogue: () => Catalogue,
  pulls: Pulls,
  running: Set<Promise<void>>,
  onProblem: (error: Error) => void,
): (request: IncomingMessage, response: ServerResponse) => void {
  const paths = new StorePaths(store.root)
  const decide = (request: IncomingMessage, route: Route): Answer => {
    try {
      return answer(
        { method: request.method ?? '', route, headers: request.headers },
        { catalogue: catalogue(), blobs: store.blobs },
      )
    } catch (error) {
      onProblem(error as Error)
      return broken()
    }
  }
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const route = parseRoute(request.url ?? '/')
    const decided = decide(request, route)
    const transfer = begin(pulls, request, route, decided, catalogue)
    let sent: Sent = { bytes: 0, whole: false }
    try {
      sent = await send(response, decided, ({ digest }) => paths.blob(digest), goneBlob(route))
    } finally {
      transfer?.done(sent.bytes, sent.whole)
    }
  }
  return (request, response) => {
    // The body of a push that is refused is read and thrown away, or the client would not hear the answer.
    request.resume()
    response.setHeader('docker-distribution-api-version', 'registry/2.0')
    response.setHeader('x-content-type-options', 'nosniff')
    if (request.method !== 'GET' && request.method !== 'HEAD') response.setHeader('connection', 'close')
    const served = serve(request, response).catch((error: unknown) => {
      onProblem(error as Error)
      if (response.headersSent) response.destroy()
      else response.writeHead(503, BUSY.headers).end(BUSY.body)
    })
    running.add(served)
    void served.then(() => running.delete(served))
  }
}

/** Only what is sent counts as a pull: not HEAD, errors, 304 and lists. */
function begin(
  pulls: Pulls,
  request: IncomingMessage,
  route: Route,
  { status, body }: Answer,
  catalogue: () => Catalogue,
): Transfer | undefined {
  if (request.method !== 'GET' || (status !== 200 && status !== 206)) return undefined
  const client = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
  const agent = /^[\w.+-]+(?:\/[\w.+-]+)?/.exec(request.headers['user-agent'] ?? '')?.[0].slice(0, 40) ?? ''
  if (route.kind === 'manifest') {
    const repository = catalogue().find(route.name, route.query.get('ns') ?? undefined)
    const reference = repository?.tagOf(route.reference) ?? route.reference
    return pulls.begin({ kind: 'manifest', client, agent, name: route.name, reference })
  }
  if (route.kind !== 'blob' || body === undefined || body instanceof Uint8Array) return undefined
  return pulls.begin({ kind: 'blob', client, agent, name: route.name, digest: body.digest })
}

function goneBlob(route: Route): (blob: BlobPart) => Answer {
  return ({ digest }) => unknownBlob('name' in route ? route.name : '', digest)
}

function broken(): Answer {
  return refuse(
    500,
    'UNKNOWN',
    'the store of this registry cannot be read: its owner should run `mini-docker image verify`',
  )
}

/** Out of file descriptors, mostly: the client comes again. */
const BUSY = refuse(503, 'TOOMANYREQUESTS', 'this registry cannot open the blob right now', {}, { 'retry-after': 2 })
