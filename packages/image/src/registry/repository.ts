/** One repository of one registry: what may be asked of it (OCI distribution-spec 1.1). Each method is a request or a few. */
import * as z from 'zod'
import type { BlobProgress, OpenBlob } from '../copy/medium.ts'
import { parseDigest, type Digest } from '../digest.ts'
import { JSON_BYTES_MAX, parseJSON, tooBig } from '../json.ts'
import { parseTag, type Reference } from '../reference.ts'
import { Referring, referrerOf } from '../referrer.ts'
import type { Descriptor } from '../schema.ts'
import type { Answer } from './http/answer.ts'
import type { Scope } from './auth/authorizer.ts'
import { download } from './download.ts'
import type { Endpoint } from './endpoint.ts'
import { RegistryError } from './error.ts'
import { ACCEPT, describedBy, storedDigest, readManifestAnswer, requireDigest, type Fetched } from './manifest.ts'
import { addReferrer, referrers } from './referrers.ts'
import { bodyOf } from './http/request.ts'
import { readPages } from './pages.ts'
import type { HttpStep } from './http/trace.ts'
import { upload } from './upload/upload.ts'
import { uploadUnknown } from './upload/unknown.ts'
import { UploadSession, type UploadTarget } from './upload/session.ts'

/** What is meant to be done, as token servers have it. */
export type Actions = 'pull' | 'pull,push'

export class Repository {
  readonly endpoint: Endpoint
  readonly reference: Reference
  readonly #actions: Actions

  constructor(endpoint: Endpoint, reference: Reference, actions: Actions = 'pull') {
    this.#actions = actions
    this.endpoint = endpoint
    this.reference = reference
  }

  /**
   * What a tag or a digest points at: HEAD, which costs a registry with a limit nothing, and GET where HEAD says too little.
   * @throws RegistryError `not-found`, `denied`, …
   */
  async resolve(name: string): Promise<Descriptor> {
    const described = await this.#head(name)
    return described ?? (await this.fetchManifest(name)).descriptor
  }

  /**
   * Gets a manifest by tag or digest, or by all that is known of it.
   * @throws RegistryError when it is not there, or not what its digest, size or media type say.
   */
  async fetchManifest(name: string | Descriptor): Promise<Fetched> {
    const wanted: Partial<Descriptor> = typeof name === 'string' ? digestIn(name) : name
    if ((wanted.size ?? 0) > JSON_BYTES_MAX) throw tooBig(`manifest ${wanted.digest}`, wanted.size ?? 0)
    return await this.endpoint.retrying(async () => {
      await using answer = await this.#askManifest('GET', typeof name === 'string' ? name : name.digest)
      return await readManifestAnswer(answer, wanted)
    })
  }

  /** @throws RegistryError, as fetchManifest. */
  async readManifest(descriptor: Descriptor): Promise<Buffer> {
    return (await this.fetchManifest(descriptor)).bytes
  }

  /** A blob small enough to be held: a config. @throws RegistryError when it is not what its descriptor says; UserError over 4 MiB. */
  async readBlob(blob: Descriptor, what = 'blob'): Promise<Buffer> {
    if (blob.size > JSON_BYTES_MAX) throw tooBig(`${what} ${blob.digest}`, blob.size)
    const chunks: Buffer[] = []
    for await (const chunk of this.openBlob(blob, 0, 'image.config')) chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    requireDigest(`${what} ${blob.digest}`, bytes, blob.digest)
    return bytes
  }

  /** The bytes of a blob from `offset` on, as one stream that survives cuts. Not hashed. */
  openBlob(blob: Descriptor, offset = 0, step: HttpStep = 'image.layer'): AsyncGenerator<Buffer, void> {
    return download({
      endpoint: this.endpoint,
      path: this.path(`blobs/${blob.digest}`),
      scopes: this.scopes,
      blob,
      offset,
      step,
    })
  }

  /** All tags, in the registry's order. @throws RegistryError `not-found` where there is no such repository; UserError for what is no tag. */
  async tags(): Promise<string[]> {
    const first = this.path('tags/list?n=1000')
    const pages = { step: 'image.tags', first, scopes: this.scopes, schema: TagList } as const
    const tags = await readPages(this.endpoint, { ...pages, itemsOf: ({ tags }) => tags ?? [] })
    return [...new Set(tags)].map(parseTag)
  }

  /** Signatures, attestations and other manifests that refer to one. */
  async referrers(digest: Digest): Promise<Descriptor[]> {
    return await referrers(this, digest)
  }

  /** Whether the registry has a blob here, of this size. */
  async hasBlob({ digest, size }: Descriptor): Promise<boolean> {
    const to = this.path(`blobs/${digest}`)
    await using answer = await this.endpoint.ask({
      step: 'image.upload',
      method: 'HEAD',
      to,
      scopes: this.scopes,
      expect: [200, 404],
    })
    return answer.status === 200 && (answer.length ?? size) === size
  }

  /**
   * Has the registry take a blob over from another repository of its own. Where it does not, an upload has begun.
   * @throws RegistryError when nothing may be pushed here.
   */
  async mount(digest: Digest, from: Reference): Promise<'mounted' | UploadSession> {
    const query = new URLSearchParams({ mount: digest, from: from.path })
    await using answer = await this.endpoint.ask({
      step: 'image.mount',
      method: 'POST',
      to: `${this.path('blobs/uploads/')}?${query.toString()}`,
      scopes: [...this.scopes, `repository:${from.path}:pull`],
      expect: [201, 202],
    })
    return answer.status === 201 ? 'mounted' : new UploadSession(this.#uploads, answer)
  }

  /** Brings a blob; `session` is what a mount that was not made has begun. @throws RegistryError when it is not taken. */
  async upload(
    blob: Descriptor,
    open: OpenBlob,
    options: { session?: UploadSession | undefined; tell?: (progress: BlobProgress) => void } = {},
  ): Promise<void> {
    await upload({ target: this.#uploads, blob, open, has: () => this.hasBlob(blob), ...options })
  }

  /** Brings bytes whose digest is known only at their end. @throws RegistryError when they are not taken. */
  async uploadUnknown(bytes: AsyncIterable<Uint8Array>): Promise<{ digest: Digest; size: number }> {
    return await uploadUnknown(this.#uploads, bytes)
  }

  /**
   * Puts a manifest under a tag, or under its digest. One with a `subject` can be found there afterwards.
   * @returns its digest, which the registry has confirmed if it says any.
   * @throws RegistryError when it is refused: a blob is missing, the manifest is malformed …
   */
  async putManifest(bytes: Buffer, descriptor: Descriptor, name: string = descriptor.digest): Promise<Digest> {
    const { mediaType, digest } = descriptor
    await using answer = await this.endpoint.retrying(async () => {
      try {
        return await this.#publish(bytes, mediaType, name)
      } catch (error) {
        throw perhapsNotYet(error)
      }
    })
    const stored = storedDigest(answer, `manifest ${digest}`)
    if (stored !== undefined && stored !== digest) throw changed(digest, stored, this.endpoint)
    // A registry with the referrers API says that it has seen the subject.
    if (answer.header('oci-subject') === undefined) await this.#refer(bytes, descriptor)
    return digest
  }

  /** `/v2/library/alpine/blobs/…` */
  path(rest: string): string {
    return `/v2/${this.reference.path}/${rest}`
  }

  /** What a token server is asked for: one token serves all requests of a pull, or of a push. */
  get scopes(): Scope[] {
    return [`repository:${this.reference.path}:${this.#actions}`]
  }

  async #publish(bytes: Buffer, mediaType: string, name: string): Promise<Answer> {
    return await this.endpoint.ask({
      step: 'image.publish',
      method: 'PUT',
      to: this.path(`manifests/${name}`),
      scopes: this.scopes,
      headers: { 'content-type': mediaType },
      body: bodyOf(bytes),
      expect: [200, 201, 202],
      retry: false,
    })
  }

  async #refer(bytes: Buffer, descriptor: Descriptor): Promise<void> {
    const document = parseJSON(`manifest ${descriptor.digest}`, bytes, Referring)
    if (document.subject) await addReferrer(this, document.subject.digest, referrerOf(descriptor, document))
  }

  get #uploads(): UploadTarget {
    return { endpoint: this.endpoint, path: this.path('blobs/uploads/'), scopes: this.scopes }
  }

  /** Undefined where the registry does not answer HEAD, or not fully; the GET then tells why. */
  async #head(name: string): Promise<Descriptor | undefined> {
    try {
      await using answer = await this.#askManifest('HEAD', name)
      return describedBy(answer)
    } catch (error) {
      // An answer to HEAD has no body that could say what is wrong; that of a token server before it had.
      if (!(error instanceof RegistryError) || error.retryable) throw error
      const { status, codes } = error
      if (status === undefined || status === 401 || codes.length > 0) throw error
      return undefined
    }
  }

  async #askManifest(method: 'GET' | 'HEAD', name: string): Promise<Answer> {
    return await this.endpoint.ask({
      step: 'image.manifest',
      method,
      to: this.path(`manifests/${name}`),
      scopes: this.scopes,
      headers: { accept: ACCEPT },
      expect: [200],
      // A GET is tried again together with the reading of its body.
      retry: method === 'HEAD',
    })
  }
}

function changed(digest: Digest, stored: Digest, { host }: Endpoint): RegistryError {
  return new RegistryError(`manifest ${digest} was stored by ${host} as ${stored}`, {
    code: 'invalid',
    hint: 'the registry changes manifests: what is pulled from it is not what was pushed',
  })
}

const TagList = z.object({ tags: z.array(z.string()).nullish() })

/** A tag has no colon. */
function digestIn(name: string): Partial<Descriptor> {
  return name.includes(':') ? { digest: parseDigest(name) } : {}
}

/**
 * All blobs came before their manifest. A registry that does not know one is still busy with it: several pushes of the same blob at
 * once, or a storage that shows what it has only after a while.
 */
function perhapsNotYet(error: unknown): unknown {
  if (!(error instanceof RegistryError) || !error.codes.includes('MANIFEST_BLOB_UNKNOWN')) return error
  const { message, hint = '', status, codes } = error
  return new RegistryError(message, { hint, status, codes, retryable: true, cause: error })
}
