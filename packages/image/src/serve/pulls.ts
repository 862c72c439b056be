/**
 * Who pulled what: a registry sees requests, a teacher wants pulls. A pull begins with a manifest, goes on with blobs of the same
 * name to the same address, and is over when nothing more is asked for a moment. A blob that was sent whole and is asked for again
 * belongs to another pull: several machines may share one address.
 */
import type { Digest } from '../digest.ts'

export type Pull = {
  /** The address of the client. */
  client: string
  /** The program, as it calls itself: `docker/28.0.4`. Empty when it does not tell. */
  agent: string
  /** As asked for: `library/alpine` */
  name: string
  /** The tag of the first manifest asked for, or its digest where no tag leads to it. */
  reference: string
  /** Blobs that were sent to their end. */
  blobs: number
  /** Bytes of manifests and blobs that were sent. */
  bytes: number
  /** False when a blob was cut off and not fetched again. */
  complete: boolean
  /** From the first request to the last byte. */
  durationMs: number
}

export type Request = { client: string; agent: string; name: string } & (
  | { kind: 'manifest'; reference: string }
  | { kind: 'blob'; digest: Digest }
)

/** One answer on its way. */
export type Transfer = { done: (bytes: number, whole: boolean) => void }

type Open = Omit<Pull, 'blobs' | 'complete' | 'durationMs'> & {
  began: number
  last: number
  running: number
  sent: Map<Digest, 'running' | 'whole' | 'cut'>
  timer?: NodeJS.Timeout
}

const QUIET_MS = 2000

export class Pulls implements Disposable {
  readonly #open = new Map<string, Open[]>()
  readonly #tell: (pull: Pull) => void
  readonly #quietMs: number

  constructor(tell: (pull: Pull) => void, quietMs = QUIET_MS) {
    this.#tell = tell
    this.#quietMs = quietMs
  }

  /** A GET that will be answered with a manifest or a blob. */
  begin(request: Request): Transfer {
    const key = `${request.client} ${request.name}`
    const pull = this.#find(key, request) ?? this.#add(key, request)
    clearTimeout(pull.timer)
    pull.running++
    if (request.kind === 'blob') pull.sent.set(request.digest, 'running')
    return {
      done: (bytes, whole) => {
        pull.running--
        pull.bytes += bytes
        pull.last = performance.now()
        if (request.kind === 'blob') pull.sent.set(request.digest, whole ? 'whole' : 'cut')
        if (pull.running === 0) pull.timer = setTimeout(() => this.#close(key, pull), this.#quietMs).unref()
      },
    }
  }

  /** Tells those that are still open. */
  [Symbol.dispose](): void {
    for (const [key, pulls] of this.#open) for (const pull of pulls) this.#close(key, pull)
  }

  #find(key: string, request: Request): Open | undefined {
    const open = this.#open.get(key) ?? []
    if (request.kind === 'manifest') return open.at(-1)?.sent.size === 0 ? open.at(-1) : undefined
    return (
      open.find(({ sent }) => sent.get(request.digest) === 'cut') ?? open.find(({ sent }) => !sent.has(request.digest))
    )
  }

  #add(key: string, request: Request): Open {
    const now = performance.now()
    const pull: Open = {
      client: request.client,
      agent: request.agent,
      name: request.name,
      reference: request.kind === 'manifest' ? request.reference : request.digest,
      bytes: 0,
      began: now,
      last: now,
      running: 0,
      sent: new Map(),
    }
    this.#open.set(key, [...(this.#open.get(key) ?? []), pull])
    return pull
  }

  #close(key: string, pull: Open): void {
    clearTimeout(pull.timer)
    const others = this.#open.get(key)?.filter((one) => one !== pull) ?? []
    if (others.length > 0) this.#open.set(key, others)
    else this.#open.delete(key)
    const { client, agent, name, reference, bytes, sent, began, last } = pull
    const states = [...sent.values()]
    this.#tell({
      client,
      agent,
      name,
      reference,
      bytes,
      blobs: states.filter((state) => state === 'whole').length,
      complete: states.every((state) => state === 'whole'),
      durationMs: last - began,
    })
  }
}
