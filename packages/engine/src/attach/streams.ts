/**
 * The clients attached to one container. The monitor is only asked for live output while somebody listens: a container
 * nobody is attached to costs the daemon nothing per byte.
 */
import type { Monitor, OutputListener } from '../runtime-port.ts'
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
  readonly #listener: OutputListener = (stream, chunk) => this.#deliver(stream, chunk)
  #monitor: Monitor | undefined
  #subscribed = false

  /** Attaches; returns how to detach. */
  add(client: Client): () => void {
    this.#clients.add(client)
    if (this.#monitor !== undefined) {
      this.#subscribe()
      client.started(this.#monitor)
    }
    return () => this.#remove(client)
  }

  /** A start is about to be made: who must get the output from its first byte, if anyone is attached. */
  starting(): OutputListener | undefined {
    this.#subscribed = this.#clients.size > 0
    return this.#subscribed ? this.#listener : undefined
  }

  /** A first process runs. */
  started(monitor: Monitor): void {
    this.#monitor = monitor
    if (this.#clients.size > 0) this.#subscribe()
    else this.#unsubscribe()
    for (const client of this.#clients) client.started(monitor)
  }

  /** The process ended and its output is complete: all clients are done. */
  ended(): void {
    this.#subscribed = false
    this.#monitor = undefined
    for (const client of this.#clients) client.end()
    this.#clients.clear()
  }

  #remove(client: Client): void {
    this.#clients.delete(client)
    if (this.#clients.size === 0) this.#unsubscribe()
  }

  #subscribe(): void {
    if (this.#subscribed) return
    this.#subscribed = true
    this.#monitor?.subscribe(this.#listener)
  }

  #unsubscribe(): void {
    if (!this.#subscribed || this.#monitor === undefined) return
    this.#subscribed = false
    this.#monitor.unsubscribe(this.#listener)
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
