/**
 * An upload under way (distribution-spec, "Pushing Blobs"). The registry names a Location, anew in each of its answers, with a query
 * that is its own business; it may be relative, or on another host.
 *
 *   POST  …/blobs/uploads/                        202, Location, OCI-Chunk-Min-Length
 *   PUT   Location?digest=…      all bytes        201                                         in one piece
 *   PATCH Location               some bytes       202, Location, Range: 0-<last byte>         or in several,
 *   PUT   Location?digest=…                       201                                         and then the end
 *   GET   Location                                204, Range: 0-<last byte>                   after a cut: how far it came
 */
import type { Digest } from '../../digest.ts'
import type { Answer } from '../http/answer.ts'
import type { Scope } from '../auth/authorizer.ts'
import type { Endpoint } from '../endpoint.ts'
import { RegistryError } from '../error.ts'
import type { RequestBody } from '../http/request.ts'
import { storedDigest } from '../manifest.ts'
import { printable } from '../refusal.ts'
import { visibleUrl } from '../http/trace.ts'

export type UploadTarget = {
  endpoint: Endpoint
  /** `/v2/team/app/blobs/uploads/` */
  path: string
  scopes: readonly Scope[]
}

export class UploadSession {
  readonly #target: UploadTarget
  #location: URL
  /** Bytes that the registry has. */
  offset = 0
  /** Chunks, but for the last one, may not be smaller. */
  readonly chunkMinBytes: number

  constructor(target: UploadTarget, answer: Answer) {
    this.#target = target
    this.#location = locationOf(answer)
    const least = answer.header('oci-chunk-min-length') ?? ''
    this.chunkMinBytes = /^\d{1,12}$/.test(least) ? Number(least) : 0
  }

  static async start(target: UploadTarget): Promise<UploadSession> {
    const { endpoint, path, scopes } = target
    const ask = { step: 'image.upload', method: 'POST', to: path, scopes, expect: [202], retry: false } as const
    await using answer = await endpoint.ask(ask)
    return new UploadSession(target, answer)
  }

  /** Sends the bytes from `offset` on that `body` has; afterwards `offset` is what the registry says it has. */
  async append(body: RequestBody): Promise<void> {
    const from = this.offset
    const range = body.size === undefined ? {} : { 'content-range': `${from}-${from + body.size - 1}` }
    const headers = { ...OCTETS, ...range }
    let end = from
    const counted = { size: body.size, open: () => counting(body.open(), (sent) => (end = from + sent)) }
    const ask = { method: 'PATCH', to: this.#location, headers, body: counted, expect: [202, 204] } as const
    await using answer = await this.#ask(ask)
    this.#location = locationOf(answer, this.#location)
    this.offset = Math.min(end, endOf(answer) ?? end)
  }

  /**
   * Ends the upload; `body` is what is still to be sent.
   * @throws RegistryError `DIGEST_INVALID` when the registry got other bytes.
   */
  async finish(digest: Digest, body?: RequestBody): Promise<void> {
    const url = new URL(this.#location)
    // Appended as text: whoever parses and writes the query again may change what the registry has signed.
    url.search = `${url.search}${url.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`
    const headers = body === undefined ? {} : OCTETS
    await using answer = await this.#ask({ method: 'PUT', to: url, headers, body, expect: [200, 201, 202, 204] })
    const stored = storedDigest(answer, `blob ${digest}`)
    if (stored !== undefined && stored !== digest) throw otherDigest(digest, stored, this.#target.endpoint)
  }

  /** Asks how far it came, after a cut. False when the registry knows nothing of it any more. */
  async recall(): Promise<boolean> {
    try {
      await using answer = await this.#ask({ method: 'GET', to: this.#location, expect: [204, 202, 200], retry: true })
      this.#location = locationOf(answer, this.#location)
      const end = endOf(answer) ?? 0
      // `0-0` is said of nothing as well as of one byte, which is cheap to send again.
      this.offset = end === 1 ? 0 : end
      return true
    } catch (error) {
      if (error instanceof RegistryError && error.status !== undefined) return false
      throw error
    }
  }

  async #ask(ask: Omit<Parameters<Endpoint['ask']>[0], 'step' | 'scopes'>): Promise<Answer> {
    const { endpoint, scopes } = this.#target
    return await endpoint.ask({ step: 'image.upload', scopes, retry: false, ...ask })
  }
}

const OCTETS = { 'content-type': 'application/octet-stream' }

/** Where the upload goes on. @throws RegistryError for none, and for one that would send the bytes in the clear. */
function locationOf(answer: Answer, before?: URL): URL {
  const from = answer.request.url
  const text = answer.header('location')
  if (text === undefined && before !== undefined) return before
  if (text === undefined || !URL.canParse(text, from.href)) {
    throw badLocation(answer, `answered an upload with the Location "${printable(text ?? '')}"`)
  }
  const url = new URL(text, from)
  if (url.protocol === 'http:' && from.protocol === 'https:') {
    // A registry behind a proxy that ends TLS often does not know that it was asked over TLS.
    if (url.host !== from.host) throw badLocation(answer, `would send the upload in the clear, to ${visibleUrl(url)}`)
    url.protocol = 'https:'
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw badLocation(answer, `sends the upload to ${url.protocol}`)
  return url
}

/** `Range: 0-99`: the registry has 100 bytes. */
function endOf(answer: Answer): number | undefined {
  const last = /^(?:bytes=)?0-(\d{1,15})$/.exec(answer.header('range') ?? '')?.[1]
  return last === undefined ? undefined : Number(last) + 1
}

async function* counting(
  bytes: AsyncIterable<Uint8Array>,
  tell: (sent: number) => void,
): AsyncGenerator<Uint8Array, void> {
  let sent = 0
  for await (const chunk of bytes) {
    sent += chunk.length
    tell(sent)
    yield chunk
  }
}

function badLocation(answer: Answer, what: string): RegistryError {
  return new RegistryError(`${answer.request.url.host} ${what}`, {
    code: 'unavailable',
    hint: 'its operator has to set the address by which it is reached (http.host, http.relativeurls, X-Forwarded-Proto)',
  })
}

function otherDigest(digest: Digest, stored: Digest, { host }: Endpoint): RegistryError {
  return new RegistryError(`blob ${digest} was stored by ${host} as ${stored}`, {
    code: 'invalid',
    hint: 'what was sent was changed on the way: push again, and ask its operator',
  })
}

/** A registry that answers well and does not get on. */
export function stuck(what: string, { offset }: UploadSession): RegistryError {
  return new RegistryError(`upload of ${what} does not get past byte ${offset}`, {
    code: 'unavailable',
    retryable: true,
    hint: 'the registry takes bytes and keeps none of them: ask its operator',
  })
}
