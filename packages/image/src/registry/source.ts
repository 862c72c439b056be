/** A repository of a registry as a medium to copy from. Of docker.io, each mirror is asked before the Hub itself. */
import { UserError } from '@mini-docker/syscall'
import type { Root, Source } from '../copy/medium.ts'
import type { Digest } from '../digest.ts'
import { isIndex, isManifest } from '../media-type.ts'
import { familiarRepository, formatReference, formatRepository, type Reference } from '../reference.ts'
import type { Descriptor } from '../schema.ts'
import { RegistryError } from './error.ts'
import type { Registry } from './registry.ts'
import type { Repository } from './repository.ts'
import { pullError } from './words.ts'

export type RegistrySourceOptions = {
  /** All tags of the repository, as `docker pull -a` means it. */
  allTags?: boolean
}

export class RegistrySource implements Source {
  readonly location: string
  readonly #registry: Registry
  readonly #reference: Reference
  readonly #options: RegistrySourceOptions
  /** Best first; who failed is not asked again. */
  #repositories: Promise<Repository[]> | undefined

  /** The registry stays the caller's. */
  constructor(registry: Registry, reference: Reference, options: RegistrySourceOptions = {}) {
    const all = options.allTags === true
    this.location = `docker://${all ? formatRepository(reference) : formatReference(reference)}`
    this.#registry = registry
    this.#reference = reference
    this.#options = options
  }

  async roots(): Promise<Root[]> {
    if (this.#options.allTags !== true) return [await this.#root(this.#reference)]
    const { domain, path } = this.#reference
    const tags = await this.#first((repository) => repository.tags())
    if (tags.length === 0) throw noTags(this.#reference)
    const roots: Root[] = []
    for (const tag of tags) roots.push(await this.#root({ domain, path, tag }))
    return roots
  }

  async read(what: string, descriptor: Descriptor): Promise<Buffer> {
    const { mediaType } = descriptor
    const asManifest = isIndex(mediaType) || isManifest(mediaType)
    return await this.#first((repository) =>
      asManifest ? repository.readManifest(descriptor) : repository.readBlob(descriptor, what),
    )
  }

  /** Goes on at the next registry where one fails: the bytes are the same everywhere. */
  async *open(descriptor: Descriptor, offset: number): AsyncGenerator<Uint8Array, void> {
    let at = offset
    for (;;) {
      const repositories = await this.#candidates()
      try {
        for await (const chunk of repositories[0]!.openBlob(descriptor, at)) {
          at += chunk.length
          yield chunk
        }
        return
      } catch (error) {
        await this.#dismiss(repositories[0]!, error)
      }
    }
  }

  /** The repository itself: a push to the same registry takes its blobs from there. */
  repositoriesWith(_digest: Digest): readonly Reference[] {
    return [this.#reference]
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #root(reference: Reference): Promise<Root> {
    const name = reference.digest ?? reference.tag ?? 'latest'
    return { descriptor: await this.#first((repository) => repository.resolve(name)), names: [reference] }
  }

  async #first<T>(ask: (repository: Repository) => Promise<T>): Promise<T> {
    for (;;) {
      const repository = (await this.#candidates())[0]!
      try {
        return await ask(repository)
      } catch (error) {
        await this.#dismiss(repository, error)
      }
    }
  }

  #candidates(): Promise<Repository[]> {
    return (this.#repositories ??= this.#registry.sources(this.#reference))
  }

  /** Leaves a mirror for the next registry; throws when it was the last, or when the failure is not the registry's. */
  async #dismiss(failed: Repository, error: unknown): Promise<void> {
    const repositories = await this.#candidates()
    if (!(error instanceof RegistryError) || repositories.at(-1) === failed) throw pullError(this.#reference, error)
    this.#repositories = Promise.resolve(repositories.filter((repository) => repository !== failed))
  }
}

function noTags(reference: Reference): UserError {
  return new UserError('not-found', `${familiarRepository(reference)} has no tags`, {
    hint: 'check the spelling of the repository',
  })
}
