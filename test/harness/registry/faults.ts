/** What a fault proxy can do to an answer of the registry behind it, as data. */
import type { IncomingHttpHeaders } from 'node:http'

/** A request as the proxy got it: `GET /v2/team/app/blobs/sha256:…` */
export type ProxiedRequest = {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** When its head had come, ms on the clock of `performance.now()`. */
  readonly startedMs: number
  /** When all was answered or cut; undefined while it goes on. */
  endedMs: number | undefined
  /** What the client was told; undefined when it was told nothing. */
  status: number | undefined
  /** Bytes of body from the client, and to it. */
  sentBytes: number
  receivedBytes: number
}

export type Fault = {
  /** Tested on `METHOD /path`; all requests by default. */
  on?: RegExp
  /** How many requests it strikes, then it is over. Without end by default. */
  times?: number
} & Deed

export type Deed =
  /** The connection breaks after so many bytes of the answer's body (`headers`: before any). */
  | { kind: 'cut'; afterBytes: number | Dice | 'headers' }
  /** The connection breaks after so many bytes of the client's body. */
  | { kind: 'cut-upload'; afterBytes: number }
  /** Nothing more comes after so many bytes, and the connection stays open. */
  | { kind: 'stall'; afterBytes: number }
  /** The answer starts so much later. */
  | { kind: 'delay'; ms: number | Dice }
  /** No more than so many bytes a second. */
  | { kind: 'slow'; bytesPerSecond: number }
  /** One bit of this byte of the body is turned. */
  | { kind: 'corrupt'; atByte: number }
  /** The answer ends there, and its Content-Length says so: a body too short that is well-formed HTTP. */
  | { kind: 'truncate'; toBytes: number }
  /** Bytes that do not belong there follow the body; Content-Length counts them. */
  | { kind: 'append'; bytes: Uint8Array }
  /** A `Content-Type` or other header that lies. */
  | { kind: 'headers'; headers: Record<string, string> }
  /** Range is not honoured: always the whole body with 200. */
  | { kind: 'no-range' }
  /** 429, 500, 503 … instead of asking the registry; `retryAfter` in seconds or as an HTTP date. */
  | { kind: 'status'; status: number; retryAfter?: string; body?: string; contentType?: string }
  /** 307 to another server, which has the blob and records what it is asked; `to` overrides where. */
  | { kind: 'redirect'; to?: string; status?: 301 | 302 | 303 | 307 | 308 }
  /** An answer made up: the registry is not asked. An endless body is an endless generator. */
  | { kind: 'answer'; status: number; headers?: Record<string, string>; body: string | Uint8Array | Endless }

export type Endless = () => Iterable<Uint8Array>

/** The faults that strike one request, by kind. */
export type Struck = { [K in Deed['kind']]?: Extract<Deed, { kind: K }> }

/** A number from `[0, below)`, another one each time; the same sequence for the same seed. */
export type Dice = { seed: number; below: number }

/** Rolls dice, or returns the number that was given. Keeps one state for each `Dice` object. */
export function roll(value: number | Dice): number {
  if (typeof value === 'number') return value
  const state = ((states.get(value) ?? value.seed) * 1_664_525 + 1_013_904_223) >>> 0
  states.set(value, state)
  return Math.floor((state / 2 ** 32) * value.below)
}

const states = new WeakMap<Dice, number>()
