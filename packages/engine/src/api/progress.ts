/** Docker's progress messages: one JSON object a line, ended by CR LF, while the work goes on. */
import type { ServerResponse } from 'node:http'
import type { Exchange } from './exchange.ts'

export type ProgressMessage =
  | { stream: string }
  | { status: string; id?: string; progressDetail?: { current?: number; total?: number } }

export class Progress {
  readonly #exchange: Exchange
  #response: ServerResponse | undefined

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  write(message: ProgressMessage): void {
    this.#open().write(`${JSON.stringify(message)}\r\n`)
  }

  end(): void {
    this.#open().end()
  }

  #open(): ServerResponse {
    this.#response ??= this.#exchange.stream(200, { 'Content-Type': 'application/json' })
    return this.#response
  }
}
