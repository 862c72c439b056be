/** node:http on a unix socket: finds the route, runs it, turns what it throws into docker's JSON errors. */
import * as http from 'node:http'
import type { Duplex } from 'node:stream'
import { PlainExchange, UpgradeExchange, type Exchange, type Headers } from './exchange.ts'
import { API_MINOR, splitTarget, type Router } from './router.ts'
import { isOfOthers, statusOf } from './status.ts'

export type ServerOptions<E> = {
  router: Router<E>
  engine: E
  /** Of the product, for the Server header. */
  version: string
  log: (line: string) => void
  /** Does the work of a request, and tells of it who wants to know. */
  traced: (request: http.IncomingMessage, path: string, work: () => Promise<void> | void) => Promise<void>
  /** Called whenever a request begins (+1) or ends (-1): the daemon's idle timer. */
  activity: (change: 1 | -1) => void
}

/** The server, not yet listening. */
export function createServer<E>(options: ServerOptions<E>): http.Server {
  const common: Headers = {
    'Api-Version': `1.${API_MINOR}`,
    'Docker-Experimental': 'false',
    Ostype: 'linux',
    Server: `mini-docker/${options.version} (linux)`,
  }
  const server = http.createServer((request, response) => {
    for (const [name, value] of Object.entries(common)) response.setHeader(name, value)
    options.activity(1)
    response.once('close', () => options.activity(-1))
    void serve(
      options,
      request,
      (query, minor) => new PlainExchange(request, response, query, minor),
      (status, body) => {
        response.writeHead(status, {
          'Content-Type': 'application/json',
          'Content-Length': String(Buffer.byteLength(body)),
        })
        response.end(body)
      },
    )
  })
  server.on('upgrade', (request: http.IncomingMessage, socket: Duplex, head: Buffer) => {
    options.activity(1)
    socket.once('close', () => options.activity(-1))
    socket.on('error', () => socket.destroy())
    const upgrade = (query: URLSearchParams, minor: number) =>
      new UpgradeExchange(request, socket, head, query, minor, common)
    void serve(options, request, upgrade, (status, body) => socket.end(rawError(status, body)))
  })
  // Go's client keeps idle connections for 90 s and does not retry a POST on one that the server closed meanwhile.
  server.keepAliveTimeout = 0
  // An image being loaded, a wait or an attach lasts as long as it lasts.
  server.requestTimeout = 0
  server.timeout = 0
  return server
}

async function serve<E>(
  options: ServerOptions<E>,
  request: http.IncomingMessage,
  exchangeOf: (query: URLSearchParams, minor: number) => Exchange,
  refuse: (status: number, body: string) => void,
): Promise<void> {
  let exchange: Exchange | undefined
  try {
    const { path, query, minor } = splitTarget(request.url ?? '/')
    const route = options.router.match(request.method ?? 'GET', path)
    exchange = exchangeOf(query, minor)
    if (route === undefined) return exchange.json(404, { message: 'page not found' })
    exchange.params = route.params
    const arrived = exchange
    await options.traced(request, path, () => route.handler(arrived, options.engine))
  } catch (error) {
    const { status, ...words } = statusOf(error)
    if (status === 500)
      options.log(`${request.method} ${request.url}: ${isOfOthers(error) ? words.message : (error as Error).stack}`)
    if (exchange === undefined) return refuse(status, JSON.stringify(words))
    if (exchange.answered) return exchange.destroy()
    exchange.json(status, words)
  }
}

function rawError(status: number, body: string): string {
  return `HTTP/1.1 ${status} Error\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
}
