/**
 * Asks the resolvers outside, one after the other: over UDP what was asked over UDP, over TCP what was asked over TCP, as docker does. An answer
 * that did not fit comes back with the bit TC, and the asker comes again over TCP. Against forged answers (RFC 5452): each query has a socket, and
 * so a port, and an id of its own; only the resolver's address is heard, and only an answer to the very question counts.
 */
import { randomInt } from 'node:crypto'
import { readMessage, type Question } from './message/message.ts'
import { foldCase } from './message/name.ts'
import { FLAG, RCODE, RCODE_MASK } from './message/numbers.ts'
import { DnsFormatError } from './message/error.ts'
import { connectTcp, connectUdp, type Place } from './socket.ts'
import { TcpMessages, withLength } from './tcp-messages.ts'
import type { Upstream } from './upstream.ts'

export type Protocol = 'udp' | 'tcp'

export type ForwarderOptions = {
  /** The container's network namespace. */
  namespace: string
  /** How long one resolver is waited for. */
  timeoutMs?: number
  /** Queries on their way at once; more are not sent. */
  outstandingMax?: number
}

const TIMEOUT_MS = 2_000
/** As docker. */
const OUTSTANDING_MAX = 1024
/** A resolver that gave no answer is asked last for so long. */
const AVOID_MS = 10_000

export class Forwarder implements Disposable {
  upstreams: readonly Upstream[] = []
  readonly #options: Required<ForwarderOptions>
  readonly #silentUntil = new Map<string, number>()
  readonly #abort = new AbortController()
  #outstanding = 0

  constructor({ namespace, timeoutMs = TIMEOUT_MS, outstandingMax = OUTSTANDING_MAX }: ForwarderOptions) {
    this.#options = { namespace, timeoutMs, outstandingMax }
  }

  /** The first good answer, with the query's id; else the last bad one; undefined where there is none, or too much is on its way. */
  async ask(query: Buffer, question: Question, protocol: Protocol): Promise<Buffer | undefined> {
    if (this.#outstanding >= this.#options.outstandingMax) return undefined
    this.#outstanding++
    try {
      let failed: Buffer | undefined
      for (const upstream of this.#inOrder()) {
        if (this.#abort.signal.aborted) return undefined
        const answer = await this.#askOne(query, question, protocol, upstream)
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

  /** Whoever waits gets no answer. */
  [Symbol.dispose](): void {
    this.#abort.abort()
  }

  #inOrder(): Upstream[] {
    const now = Date.now()
    const silent = (upstream: Upstream): boolean => (this.#silentUntil.get(keyOf(upstream)) ?? 0) > now
    return [...this.upstreams.filter((upstream) => !silent(upstream)), ...this.upstreams.filter(silent)]
  }

  async #askOne(
    query: Buffer,
    question: Question,
    protocol: Protocol,
    upstream: Upstream,
  ): Promise<Buffer | undefined> {
    const own = Buffer.from(query)
    own.writeUInt16BE(randomInt(0x10000), 0)
    const place: Place = { namespace: upstream.from === 'container' ? this.#options.namespace : undefined }
    const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(this.#options.timeoutMs)])
    const exchange = protocol === 'udp' ? exchangeUdp : exchangeTcp
    try {
      const answer = await exchange(own, upstream, place, signal, (bytes) => isAnswer(bytes, own, question))
      this.#silentUntil.delete(keyOf(upstream))
      return answer
    } catch {
      // Unreachable, refused or silent: the next one may know, and without one the asker is told that the server failed.
      if (!this.#abort.signal.aborted) this.#silentUntil.set(keyOf(upstream), Date.now() + AVOID_MS)
      return undefined
    }
  }
}

type Exchange = (
  query: Buffer,
  upstream: Upstream,
  place: Place,
  signal: AbortSignal,
  fits: (bytes: Buffer) => boolean,
) => Promise<Buffer>

const exchangeUdp: Exchange = async (query, { address, port = 53 }, place, signal, fits) => {
  const socket = await connectUdp(address, port, place)
  try {
    return await answered(signal, (resolve, reject) => {
      socket.on('error', reject)
      socket.on('message', (bytes) => {
        if (fits(bytes)) resolve(bytes)
      })
      socket.send(query, (error) => {
        if (error !== null) reject(error)
      })
    })
  } finally {
    socket.close()
  }
}

const exchangeTcp: Exchange = async (query, { address, port = 53 }, place, signal, fits) => {
  const socket = connectTcp(address, port, place)
  try {
    return await answered(signal, (resolve, reject) => {
      const messages = new TcpMessages()
      socket.on('error', reject)
      socket.on('close', () => reject(new Error(`${address} closed the connection`)))
      socket.on('data', (piece: Buffer) => {
        for (const bytes of messages.push(piece)) if (fits(bytes)) resolve(Buffer.from(bytes))
      })
      socket.write(withLength(query))
    })
  } finally {
    socket.destroy()
  }
}

async function answered(
  signal: AbortSignal,
  start: (resolve: (bytes: Buffer) => void, reject: (reason: unknown) => void) => void,
): Promise<Buffer> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const abort = (): void => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    start(resolve, reject)
    return await promise
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Names are compared without case: some resolvers do not keep it. */
function isAnswer(bytes: Buffer, query: Buffer, asked: Question): boolean {
  try {
    const { id, flags, questions } = readMessage(bytes)
    const [question] = questions
    if (id !== query.readUInt16BE(0) || (flags & FLAG.QR) === 0 || question === undefined) return false
    return (
      question.type === asked.type &&
      question.class === asked.class &&
      foldCase(question.name) === foldCase(asked.name)
    )
  } catch (error) {
    if (error instanceof DnsFormatError) return false
    throw error
  }
}

function keyOf({ address, port = 53 }: Upstream): string {
  return `${address} ${port}`
}
