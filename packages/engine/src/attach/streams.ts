/**
 * The clients attached to one container. The monitor is only asked for live output while somebody listens: a container
 * nobody is attached to costs the daemon nothing per byte.
 */
import type { Monitor } from '../runtime-port.ts'
import type { StreamNumber } from './frames.ts'

export type Client = {
  stdout: boolean
  stderr: boolean
  /** A returned promise holds back everybody's output, as a slow reader of a pipe would. */
  write(stream: StreamNumber, chunk: Buffer): Promise<void> | void
  /** The container has begun to run: its input can be written. */
  started(monitor: Monitor): void
  /** No more output will come. */
  end(): void
}

export class Streams {
  readonly #clients = new Set<Client>()
  #monitor: Monitor | undefined
  #unsubscribe: (() => void) | undefined

  /** Attaches; returns how to detach. */
  add(client: Client): () => void {
    this.#clients.add(client)
    if (this.#monitor !== undefined) {
      this.#subscribe(this.#monitor)
      client.started(this.#monitor)
    }
    return () => this.#remove(client)
  }

  /** A first process runs. Synchronously after its start, or early output would pass by. */
  started(monitor: Monitor): void {
    this.#monitor = monitor
    if (this.#clients.size > 0) this.#subscribe(monitor)
    for (const client of this.#clients) client.started(monitor)
  }

  /** The process ended and its output is complete: all clients are done. */
  ended(): void {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
    this.#monitor = undefined
    for (const client of this.#clients) client.end()
    this.#clients.clear()
  }

  #remove(client: Client): void {
    this.#clients.delete(client)
    if (this.#clients.size > 0) return
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
  }

  #subscribe(monitor: Monitor): void {
    this.#unsubscribe ??= monitor.subscribe((stream, chunk) => this.#deliver(stream, chunk))
  }

  #deliver(stream: StreamNumber, chunk: Buffer): Promise<void> | void {
    const slow: Promise<void>[] = []
    for (const client of this.#clients) {
      if (stream === 1 ? !client.stdout : !client.stderr) continue
      const pending = client.write(stream, chunk)
      if (pending !== undefined) slow.push(pending)
    }
    if (slow.length > 0) return Promise.all(slow).then(() => undefined)
  }
}
