/** One connection to the daemon's unix socket: requests one after the other, answers as streams, upgrade to raw bytes. */
import { connect, type Socket } from 'node:net'
import { formatRequest, HttpReader, type Head, type HttpEvent } from './http.ts'

/** A request's body: whole, or streamed as chunks. */
export type RequestBody = string | Uint8Array | AsyncIterable<Uint8Array>

/** The raw stream that an upgraded connection has become. `head` holds bytes that came with the answer. Half-open: ending it leaves reading alive. */
export type Hijacked = { socket: Socket; head: Buffer }

/** An answer. Its body must be read to the end before the connection can be used again. */
export type Answer = {
  head: Head
  body: () => AsyncGenerator<Buffer>
  text: () => Promise<string>
  hijacked?: Hijacked
}

/** Connects, or rejects with the system's error (ENOENT, ECONNREFUSED, EACCES). */
export async function openConnection(socketPath: string): Promise<Connection> {
  const socket = connect({ path: socketPath, allowHalfOpen: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return new Connection(socket)
}

export class Connection {
  readonly #socket: Socket
  readonly #reader = new HttpReader()
  readonly #events: HttpEvent[] = []
  #failure: Error | undefined
  #sending = false
  #wake: () => void = () => {}
  readonly #onData = (bytes: Buffer) => this.#receive(() => this.#reader.feed(bytes))
  readonly #onEnd = () => this.#receive(() => [...this.#reader.close()], new Error('the daemon closed the connection'))
  readonly #onError = (error: Error) => this.#receive(() => [], error)

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError)
  }

  /** Whether another request can be sent: nothing is left of the last answer and the daemon has not hung up. */
  get idle(): boolean {
    return this.#failure === undefined && this.#events.length === 0 && this.#socket.writable
  }

  /** Sends a request and waits for the head of its answer. Rejects when the connection breaks or the answer is no HTTP. */
  async send(method: string, target: string, headers: Record<string, string>, body?: RequestBody): Promise<Answer> {
    this.#reader.headOnly = method === 'HEAD'
    const sending = this.#write(method, target, headers, body)
    // A daemon may answer before it has read the whole body: then the answer matters, not the broken pipe.
    this.#sending = true
    sending.catch(() => {}).finally(() => (this.#sending = false))
    const first = await this.#next()
    if (first.type !== 'head') throw new Error('the daemon answered without a head')
    const answer: Answer = { head: first.head, body: () => this.#body(), text: () => this.#text() }
    if (first.head.status !== 101) return answer
    const upgraded = await this.#next()
    if (upgraded.type !== 'upgraded') throw new Error('the daemon did not upgrade the connection')
    this.#socket.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onError)
    this.#socket.pause()
    return { ...answer, hijacked: { socket: this.#socket, head: upgraded.rest } }
  }

  close(): void {
    this.#socket.destroy()
  }

  /** Lets the process end although this connection is open. */
  unref(): void {
    this.#socket.unref()
  }

  async #write(method: string, target: string, headers: Record<string, string>, body?: RequestBody): Promise<void> {
    if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
      const bytes = typeof body === 'string' ? Buffer.from(body) : body
      const lengths =
        method === 'GET' || method === 'HEAD' || method === 'DELETE'
          ? {}
          : { 'Content-Length': `${bytes?.length ?? 0}` }
      const head = formatRequest(method, target, { ...headers, ...lengths })
      if (bytes === undefined) this.#socket.write(head)
      else this.#socket.write(Buffer.concat([Buffer.from(head), bytes]))
      return
    }
    this.#socket.write(formatRequest(method, target, { ...headers, 'Transfer-Encoding': 'chunked' }))
    for await (const chunk of body) {
      if (chunk.length === 0) continue
      this.#socket.write(`${chunk.length.toString(16)}\r\n`)
      this.#socket.write(chunk)
      if (!this.#socket.write('\r\n')) await this.#drained()
    }
    this.#socket.write('0\r\n\r\n')
  }

  async #drained(): Promise<void> {
    if (this.#socket.destroyed) throw new Error('the connection is closed')
    await new Promise<void>((resolve, reject) => {
      const settle = (): void => {
        this.#socket.off('drain', settle).off('close', settle)
        if (this.#socket.destroyed) reject(new Error('the connection is closed'))
        else resolve()
      }
      this.#socket.on('drain', settle).on('close', settle)
    })
  }

  async *#body(): AsyncGenerator<Buffer> {
    for (;;) {
      const event = await this.#next()
      if (event.type === 'data') {
        yield event.bytes
        continue
      }
      // An archive may end before its padding does: nobody reads the rest, and it must not keep this process waiting.
      if (this.#sending) this.close()
      return
    }
  }

  async #text(): Promise<string> {
    const chunks: Buffer[] = []
    for await (const chunk of this.#body()) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }

  /** The next thing from the daemon. The socket stands still while nobody asks: that is the backpressure. */
  async #next(): Promise<HttpEvent> {
    for (;;) {
      const event = this.#events.shift()
      if (event !== undefined) return event
      if (this.#failure !== undefined) throw this.#failure
      this.#socket.resume()
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  #receive(read: () => HttpEvent[], failure?: Error): void {
    try {
      this.#events.push(...read())
      this.#failure ??= failure
    } catch (error) {
      this.#failure ??= error as Error
    }
    this.#socket.pause()
    this.#wake()
  }
}
