/**
 * The storage that big registries redirect to: another host, no authentication (the URL is the permission), Range. Serves the
 * registry's blobs from its files, and records what headers arrived.
 */
import { createReadStream, existsSync, statSync } from 'node:fs'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { closeServer, listenOnLoopback } from './listen.ts'
import type { Registry } from './registry.ts'

export class BlobHost implements AsyncDisposable {
  /** `http://localhost:PORT`: not the name that the proxy has. */
  readonly url: string
  readonly requests: { method: string; path: string; headers: IncomingHttpHeaders }[] = []
  readonly #registry: Registry
  readonly #server: Server

  private constructor(registry: Registry, server: Server, port: number) {
    this.#registry = registry
    this.#server = server
    this.url = `http://localhost:${port}`
    server.on('request', (request, response) => this.#serve(request, response))
  }

  static async start(registry: Registry): Promise<BlobHost> {
    const server = createServer()
    return new BlobHost(registry, server, await listenOnLoopback(server))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeServer(this.#server)
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '/'
    this.requests.push({ method: request.method ?? '', path, headers: request.headers })
    const digest = /sha256:[0-9a-f]{64}/.exec(path)?.[0]
    const file = digest === undefined ? undefined : this.#registry.pathOf(digest)
    if (file === undefined || !existsSync(file)) {
      response.writeHead(404).end()
      return
    }
    const size = statSync(file).size
    const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const partial = start > 0 ? { 'Content-Range': `bytes ${start}-${size - 1}/${size}` } : {}
    response.writeHead(start > 0 ? 206 : 200, {
      'Content-Type': 'application/octet-stream',
      'Content-Length': size - start,
      'Accept-Ranges': 'bytes',
      ...partial,
    })
    if (request.method === 'HEAD') response.end()
    else createReadStream(file, { start }).pipe(response)
  }
}
