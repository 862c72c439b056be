/** A repository of a registry as a medium to copy into: blobs first, then manifests by digest, the tags last. */
import { UserError } from '@mini-docker/syscall'
import type { BlobProgress, OpenBlob, Presence, Sink, Tree } from '../copy/medium.ts'
import type { Digest } from '../digest.ts'
import { familiarReference, formatReference, type Reference } from '../reference.ts'
import type { Descriptor } from '../schema.ts'
import { RegistryError } from './error.ts'
import type { Registry } from './registry.ts'
import type { Repository } from './repository.ts'
import type { UploadSession } from './upload/session.ts'
import { pushError } from './words.ts'

/** As docker's max-concurrent-uploads. */
const PARALLEL = 5
/** Of repositories that a blob may be mounted from; each refusal costs a request. */
const MOUNTS_MAX = 2

export type RegistrySinkOptions = {
  /** Blobs that go at once. */
  parallel?: number
}

export class RegistrySink implements Sink {
  readonly location: string
  readonly parallel: number
  readonly onePlatform = false
  readonly #reference: Reference
  readonly #repository: Promise<Repository>
  /** Uploads that mounts have begun instead. */
  readonly #begun = new Map<Digest, UploadSession>()

  /** The registry stays the caller's. @throws UserError `invalid` for a reference by digest. */
  constructor(registry: Registry, reference: Reference, { parallel = PARALLEL }: RegistrySinkOptions = {}) {
    this.parallel = parallel
    if (reference.digest !== undefined) {
      throw new UserError('invalid', `cannot push a digest reference: ${familiarReference(reference)}`, {
        hint: 'a digest is what the registry makes of the content: give a tag',
      })
    }
    this.location = `docker://${formatReference(reference)}`
    this.#reference = reference
    this.#repository = registry.repository(reference, 'pull,push')
    this.#repository.catch(() => {})
  }

  async begin(): Promise<void> {}

  async presence(blob: Descriptor, candidates: readonly Reference[]): Promise<Presence> {
    const repository = await this.#repository
    // The first that is asked of the registry: whether we may is found out here.
    const has = await repository.hasBlob(blob).catch((error: unknown) => Promise.reject(pushError(error)))
    if (has) return { kind: 'present' }
    const { domain, path } = this.#reference
    const others = candidates.filter((candidate) => candidate.domain === domain && candidate.path !== path)
    for (const from of others.slice(0, MOUNTS_MAX)) {
      const outcome = await repository.mount(blob.digest, from).catch(unlessRefused)
      if (outcome === 'mounted') return { kind: 'mounted', from }
      if (outcome !== undefined) this.#begun.set(blob.digest, outcome)
    }
    return { kind: 'absent' }
  }

  /** The registry hashes what comes, and refuses what has another digest. */
  async write(blob: Descriptor, open: OpenBlob, tell: (event: BlobProgress) => void): Promise<void> {
    const session = this.#begun.get(blob.digest)
    this.#begun.delete(blob.digest)
    await (await this.#repository).upload(blob, open, { session, tell })
    tell({ state: 'transferred' })
  }

  async writeUnknown(bytes: AsyncIterable<Uint8Array>): Promise<{ digest: Digest; size: number }> {
    return await (await this.#repository).uploadUnknown(bytes)
  }

  async writeManifest({ descriptor, bytes }: Tree, names: readonly Reference[]): Promise<void> {
    const repository = await this.#repository
    for (const name of names) this.#requireHere(name)
    const tags = names.flatMap(({ tag }) => tag ?? [])
    if (tags.length === 0) await repository.putManifest(bytes, descriptor)
    for (const tag of tags) await repository.putManifest(bytes, descriptor, tag)
  }

  async finish(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  #requireHere(name: Reference): void {
    const { domain, path } = this.#reference
    if (name.domain === domain && name.path === path) return
    throw new UserError('invalid', `${familiarReference(name)} does not lie in ${this.location}`, {
      hint: 'tag the image with the name that it shall have there',
    })
  }
}

/** Who may push here need not be allowed to read there: the blob is sent then, which tells whether that is allowed. */
function unlessRefused(error: unknown): undefined {
  if (!(error instanceof RegistryError) || error.status === undefined || error.retryable) throw error
}
