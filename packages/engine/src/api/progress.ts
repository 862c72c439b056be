/**
 * Docker's progress messages: one JSON object a line, ended by CR LF, while the work goes on. A client that does not read
 * them does not hold the work back: what only shows how far it is gets left out for such a client.
 */
import type { ServerResponse } from 'node:http'
import type { Exchange } from './exchange.ts'
import { statusOf } from './status.ts'

export type ProgressMessage =
  | { stream: string }
  | { status: string; id?: string; progressDetail?: { current?: number; total?: number }; progress?: string }
  | { progressDetail: object; aux: object }
  | { trace: object }

/** More than a second of lines of a pull. */
const MAX_WAITING_BYTES = 64 * 1024
/** Beyond it lines of all kinds are dropped: the client has long gone to sleep. */
const MAX_HELD_BYTES = 2 * 1024 * 1024

export class Progress {
  readonly #exchange: Exchange
  #response: ServerResponse | undefined

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  /** True once something was written: an error is then a line, and no HTTP status any more. */
  get begun(): boolean {
    return this.#response !== undefined
  }

  /** Dropped when the client is behind, if it only shows how far something is. */
  write(message: ProgressMessage): void {
    const response = this.#open()
    const waiting = response.writableLength
    if (waiting > (isFleeting(message) ? MAX_WAITING_BYTES : MAX_HELD_BYTES)) return
    response.write(`${JSON.stringify(message, bigintsAsText)}\r\n`)
  }

  end(): void {
    this.#open().end()
  }

  /** The last line of work that failed. Before the first line it is thrown on, and becomes an HTTP status. */
  fail(error: unknown): void {
    if (!this.begun) throw error
    const { message, hint } = statusOf(error)
    const errorDetail = { message, ...(hint === undefined ? {} : { hint }) }
    this.#open().end(`${JSON.stringify({ errorDetail, error: message })}\r\n`)
  }

  #open(): ServerResponse {
    this.#response ??= this.#exchange.stream(200, { 'Content-Type': 'application/json' })
    return this.#response
  }
}

function isFleeting(message: ProgressMessage): boolean {
  return 'status' in message && message.progressDetail?.current !== undefined
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
