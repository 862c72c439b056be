/** The TCP connections of one server (RFC 7766): many queries on one, few of them open for long. */
import type { Socket } from 'node:net'
import { TcpMessages, withLength } from './tcp-messages.ts'

/** As docker's server: eight seconds without a query. */
const IDLE_MS = 8_000
const CONNECTIONS_MAX = 256
/** Queries of one connection that are not answered yet; what comes after them waits in the kernel. */
const PENDING_MAX = 64

export class TcpConnections implements Disposable {
  readonly #handle: (message: Buffer) => Promise<Buffer | undefined>
  readonly #open = new Set<Socket>()

  /** `handle` gives the answer to a message, or undefined for one that deserves none: then the connection ends. */
  constructor(handle: (message: Buffer) => Promise<Buffer | undefined>) {
    this.#handle = handle
  }

  /** Serves a connection until its other side ends it, or is silent. Above a number, new ones are closed at once. */
  add(socket: Socket): void {
    if (this.#open.size >= CONNECTIONS_MAX) {
      socket.destroy()
      return
    }
    this.#open.add(socket)
    socket.setTimeout(IDLE_MS, () => socket.destroy())
    socket.on('error', () => {})
    socket.on('close', () => this.#open.delete(socket))
    this.#serve(socket)
  }

  [Symbol.dispose](): void {
    for (const socket of this.#open) socket.destroy()
  }

  #serve(socket: Socket): void {
    const messages = new TcpMessages()
    let pending = 0
    let ended = false
    const answered = (): void => {
      pending--
      if (pending < PENDING_MAX) socket.resume()
      if (ended && pending === 0) socket.end()
    }
    socket.on('data', (piece: Buffer) => {
      for (const message of messages.push(piece)) {
        pending++
        void this.#answer(socket, message).then(answered)
      }
      if (pending >= PENDING_MAX) socket.pause()
    })
    socket.on('end', () => {
      ended = true
      if (pending === 0) socket.end()
    })
  }

  /** Waits until the answer is taken: who does not read is not answered more. */
  async #answer(socket: Socket, message: Buffer): Promise<void> {
    const answered = await this.#handle(message)
    if (answered === undefined) socket.destroy()
    else if (!socket.destroyed)
      await new Promise<void>((resolve) => socket.write(withLength(answered), () => resolve()))
  }
}
