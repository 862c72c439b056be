/**
 * Asks the resolvers outside, one after the other: over UDP what was asked over UDP, over TCP what was asked over TCP, as docker does. An answer
 * that did not fit comes back with the bit TC, and the asker comes again over TCP.
 */
import type { Question } from './message/message.ts'
import { RCODE, RCODE_MASK } from './message/numbers.ts'
import { exchange, type Protocol } from './exchange.ts'
import type { Upstream } from './upstream.ts'

export type ForwarderOptions = {
  /** The container's network namespace. */
  namespace: string
  upstreams: readonly Upstream[]
  /** How long one resolver is waited for; 2,000 where it is not given. */
  timeoutMs?: number | undefined
  /** Queries on their way at once; more are not sent. 1024, as docker, where it is not given. */
  outstandingMax?: number | undefined
}

/** A resolver that gave no answer is asked last for so long. */
const AVOID_MS = 10_000

export class Forwarder implements Disposable {
  upstreams: readonly Upstream[]
  readonly #namespace: string
  readonly #timeoutMs: number
  readonly #outstandingMax: number
  readonly #silentUntil = new WeakMap<Upstream, number>()
  readonly #disposed = new AbortController()
  #outstanding = 0

  constructor({ namespace, upstreams, timeoutMs = 2_000, outstandingMax = 1024 }: ForwarderOptions) {
    this.upstreams = upstreams
    this.#namespace = namespace
    this.#timeoutMs = timeoutMs
    this.#outstandingMax = outstandingMax
  }

  /** The first good answer, with the query's id; else the last bad one; undefined where there is none, or too much is on its way. */
  async ask(query: Buffer, question: Question, protocol: Protocol): Promise<Buffer | undefined> {
    if (this.#outstanding >= this.#outstandingMax) return undefined
    this.#outstanding++
    try {
      let failed: Buffer | undefined
      for (const upstream of this.#inOrder()) {
        const answer = await this.#askOne(query, question, protocol, upstream)
        if (this.#disposed.signal.aborted) return undefined
        if (answer === undefined) continue
        query.copy(answer, 0, 0, 2)
        if ((answer.readUInt16BE(2) & RCODE_MASK) !== RCODE.SERVFAIL) return answer
        failed = answer
      }
      return failed
    } finally {
      this.#outstanding--
    }
  }

  /** Who still waits gets undefined. */
  [Symbol.dispose](): void {
    this.#disposed.abort()
  }

  #inOrder(): Upstream[] {
    const now = Date.now()
    const silent = (upstream: Upstream): boolean => (this.#silentUntil.get(upstream) ?? 0) > now
    return [...this.upstreams.filter((upstream) => !silent(upstream)), ...this.upstreams.filter(silent)]
  }

  async #askOne(
    query: Buffer,
    question: Question,
    protocol: Protocol,
    upstream: Upstream,
  ): Promise<Buffer | undefined> {
    const namespace = upstream.from === 'container' ? this.#namespace : undefined
    try {
      const limits = { timeoutMs: this.#timeoutMs, signal: this.#disposed.signal }
      const answer = await exchange(protocol, query, question, { ...upstream, namespace }, limits)
      this.#silentUntil.delete(upstream)
      return answer
    } catch {
      // Unreachable, refused or silent: the next one may know, and without one the asker is told that the server failed.
      this.#silentUntil.set(upstream, Date.now() + AVOID_MS)
      return undefined
    }
  }
}
