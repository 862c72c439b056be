/** A request as data: what is asked, how long one waits for it, and who is told. */
import type { Agent } from 'node:http'
import type { HttpStep, HttpTrace } from './trace.ts'

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH'

/** What is sent; `open` may be called again, for a second try. `size` is unknown for what is made on the way. */
export type RequestBody = { readonly size: number | undefined; readonly open: () => AsyncIterable<Uint8Array> }

export type HttpRequest = {
  readonly step: HttpStep
  readonly method: Method
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: RequestBody | undefined
  /** Told with the trace: why it is asked again. */
  readonly note?: string | undefined
}

export type Timeouts = { readonly connectMs: number; readonly headMs: number; readonly stallMs: number }

/** `headMs` is long: a registry hashes a whole blob before it answers the PUT that ends an upload. */
export const defaultTimeouts: Timeouts = { connectMs: 20_000, headMs: 120_000, stallMs: 30_000 }

export type ExchangeOptions = {
  agent: Agent
  timeouts: Timeouts
  signal?: AbortSignal | undefined
  onEnd: (trace: HttpTrace) => void
}

/** A body that is in memory. */
export function bodyOf(bytes: Buffer): RequestBody & { size: number } {
  return { size: bytes.length, open: () => once(bytes) }
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer, void> {
  yield bytes
}
