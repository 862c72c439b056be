/**
 * An OCI image layout as a source, in a directory or in a tar: `index.json` leads to manifests, and everything else lies under its
 * digest. See image-spec, image-layout.md.
 */
import { UserError } from '@mini-docker/syscall'
import type { Root, Source } from '../copy/medium.ts'
import { hexOf, sha256Only, type Digest } from '../digest.ts'
import { parseJSON } from '../json.ts'
import { isIndex } from '../media-type.ts'
import { hostPlatform, matchesPlatform } from '../platform.ts'
import { formatReference } from '../reference.ts'
import { Index, LayoutFile, type Descriptor, type Platform } from '../schema.ts'
import { INDEX_DEPTH_MAX } from '../store/image.ts'
import { withoutTwins } from '../store/twins.ts'
import { nameOf, REF_NAME } from '../store/names.ts'
import { readBlob, type Files } from './files.ts'
import type { Choice } from './location.ts'
import { tryReference } from './ref-name.ts'

export class LayoutSource implements Source {
  readonly location: string
  readonly #files: Files
  readonly #choice: Choice | { by: 'all' }
  readonly #platform: Platform

  /**
   * `platform` chooses where several images share a name, as old tools wrote them beside each other in `index.json`. What `files`
   * hold open is closed with the source.
   */
  constructor(location: string, files: Files, choice: Choice | { by: 'all' }, platform = hostPlatform()) {
    this.location = location
    this.#files = files
    this.#choice = choice
    this.#platform = platform
  }

  async roots(): Promise<Root[]> {
    const { manifests } = await this.index()
    const chosen = await this.#choose(manifests)
    return chosen.map((descriptor) => {
      const same = manifests.filter(({ digest }) => digest === descriptor.digest)
      const named = this.#choice.by === 'name' ? [descriptor] : same
      return { descriptor, names: named.flatMap((one) => nameOf(one, 'tag') ?? []) }
    })
  }

  read(what: string, descriptor: Descriptor): Promise<Buffer> {
    return readBlob(this.#files, what, blobPath(descriptor.digest), descriptor)
  }

  open({ digest }: Descriptor, offset: number): AsyncIterable<Uint8Array> {
    return this.#files.open(`blob ${digest}`, blobPath(digest), offset)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#files[Symbol.asyncDispose]()
  }

  /** @throws UserError `not-found` when this is no layout, `not-built` when it is of a version that is not known. */
  async index(): Promise<Index> {
    const what = `oci-layout of ${this.location}`
    const { imageLayoutVersion } = parseJSON(what, await this.#files.document(what, 'oci-layout'), LayoutFile)
    if (!imageLayoutVersion.startsWith('1.')) {
      throw new UserError('not-built', `${what} is of version ${imageLayoutVersion}, only 1.x is known`)
    }
    const index = `index.json of ${this.location}`
    const written = parseJSON(index, await this.#files.document(index, 'index.json'), Index)
    // In a store of ours, docker's images are there a second time, for others.
    return { ...written, manifests: withoutTwins(written.manifests) }
  }

  async #choose(manifests: readonly Descriptor[]): Promise<Descriptor[]> {
    const unique = [...new Map(manifests.map((one) => [one.digest, one])).values()]
    switch (this.#choice.by) {
      case 'all':
        return unique
      case 'only':
        if (unique.length === 1) return unique
        throw new UserError(
          unique.length === 0 ? 'not-found' : 'invalid',
          unique.length === 0 ? `${this.location} has no image` : `${this.location} has ${unique.length} images`,
          unique.length === 0 ? {} : { hint: `choose one: ${offers(manifests)}` },
        )
      case 'name':
        return [this.#named(manifests, this.#choice.name)]
      case 'digest':
        return [await this.#find(manifests, this.#choice.digest, 0)]
    }
  }

  /** By the annotation that skopeo reads; else by a whole name, where docker wrote that and only the tag for skopeo. */
  #named(manifests: readonly Descriptor[], name: string): Descriptor {
    const literal = manifests.filter(({ annotations }) => annotations?.[REF_NAME] === name)
    const wanted = tryFormat(name)
    const found =
      literal.length > 0 ? literal : manifests.filter((one) => formatName(one) === wanted && wanted !== undefined)
    const fitting = found.find(({ platform }) => platform && matchesPlatform(this.#platform, platform))
    const chosen = fitting ?? found[0]
    if (chosen !== undefined) return chosen
    throw new UserError('not-found', `no descriptor found for reference "${name}" in ${this.location}`, {
      hint: `it has: ${offers(manifests)}`,
    })
  }

  async #find(manifests: readonly Descriptor[], digest: Digest, depth: number): Promise<Descriptor> {
    const found = await this.#search(manifests, digest, depth)
    if (found !== undefined) return found
    throw new UserError('not-found', `no manifest ${digest} in ${this.location}`, {
      hint: `it has: ${offers(manifests)}`,
    })
  }

  async #search(manifests: readonly Descriptor[], digest: Digest, depth: number): Promise<Descriptor | undefined> {
    const found = manifests.find((one) => one.digest === digest)
    if (found !== undefined || depth > INDEX_DEPTH_MAX) return found
    for (const one of manifests.filter(({ mediaType }) => isIndex(mediaType))) {
      const below = parseJSON(`index ${one.digest}`, await this.read('index', one), Index).manifests
      const deeper = await this.#search(below, digest, depth + 1)
      if (deeper !== undefined) return deeper
    }
    return undefined
  }
}

/** Where a blob lies in a layout. @throws UserError `not-built` for digests that are not sha256. */
export function blobPath(digest: Digest): string {
  return `blobs/sha256/${hexOf(sha256Only(digest))}`
}

function offers(manifests: readonly Descriptor[]): string {
  const all = manifests.map(({ annotations, digest }) => annotations?.[REF_NAME] ?? `@${digest}`)
  return all.length > 10 ? `${all.slice(0, 10).join(', ')} …` : all.join(', ') || 'nothing'
}

function formatName(descriptor: Descriptor): string | undefined {
  const name = nameOf(descriptor, 'tag')
  return name && formatReference(name)
}

function tryFormat(name: string): string | undefined {
  const reference = tryReference(name)
  return reference && formatReference(reference)
}
