/**
 * What a name leads to, read whole before anything moves: manifests are small, and only they tell what else there is. Of an index
 * either everything is taken, or the one image for a platform.
 */
import { UserError } from '@mini-docker/syscall'
import type { Digest } from '../digest.ts'
import { parseJSON } from '../json.ts'
import { isIndex, isManifest } from '../media-type.ts'
import { formatPlatform, hostPlatform, matchesPlatform } from '../platform.ts'
import { ImageConfig, Index, Manifest, type Descriptor, type Platform } from '../schema.ts'
import { chooseManifest, INDEX_DEPTH_MAX, requireOneType, type ReadBlob } from '../store/image.ts'
import type { CopyOptions, Planned, Sink, Source, Tree } from './medium.ts'

/** Under one name. Real indexes name a dozen images, and an attestation for each. */
const MANIFESTS_MAX = 1000
/** They are held until the copy ends. Real ones take a few kilobytes each; a hostile index could name a thousand of 4 MiB. */
const MANIFESTS_BYTES_MAX = 64 << 20

/** Reads a manifest, index or config, wherever it is. */
export type ReadDocument = (what: string, descriptor: Descriptor) => Promise<Buffer>

/** All that a source offers, as it will come into this sink. @throws UserError `not-found` when nothing is for the platform. */
export async function planCopy(
  source: Source,
  read: ReadDocument,
  sink: Pick<Sink, 'onePlatform'>,
  { platform, all, names }: Pick<CopyOptions, 'platform' | 'all' | 'names'>,
): Promise<Planned[]> {
  const reader = new TreeReader(source.location, read)
  const planned: Planned[] = []
  for (const root of await source.roots()) {
    const whole = all === true && !sink.onePlatform
    const descriptor = whole ? root.descriptor : await reader.choose(root.descriptor, platform)
    planned.push({
      tree: await reader.tree(descriptor, 0),
      names: names ?? root.names,
      chosenFrom: descriptor.digest === root.descriptor.digest ? undefined : root.descriptor,
    })
  }
  return planned
}

/** Of an index, the manifest for a platform; a manifest that stands alone is taken as it is. @throws UserError `not-found` */
export function chooseFrom(source: Source, descriptor: Descriptor, platform: Platform): Promise<Descriptor> {
  return new TreeReader(source.location, (what, one) => source.read(what, one)).chosen(descriptor, platform)
}

class TreeReader {
  readonly #location: string
  readonly #read: ReadDocument
  readonly #known = new Map<Digest, Buffer>()
  #manifests = 0
  #manifestsBytes = 0

  constructor(location: string, read: ReadDocument) {
    this.#location = location
    this.#read = read
  }

  /** The manifest for a platform. One that stands alone is taken as it is, unless a platform was asked for. */
  async choose(descriptor: Descriptor, asked: Platform | undefined): Promise<Descriptor> {
    if (asked !== undefined && isManifest(descriptor.mediaType)) await this.#requirePlatform(descriptor, asked)
    return await this.chosen(descriptor, asked ?? hostPlatform())
  }

  async chosen(descriptor: Descriptor, platform: Platform): Promise<Descriptor> {
    if (!isIndex(descriptor.mediaType)) return descriptor
    return await this.#fetching((read) => chooseManifest(read, descriptor, platform))
  }

  async tree(descriptor: Descriptor, depth: number): Promise<Tree> {
    const { mediaType, digest } = descriptor
    this.#manifests = depth === 0 ? 1 : this.#manifests + 1
    if (this.#manifests > MANIFESTS_MAX) {
      throw new UserError('invalid', `more than ${MANIFESTS_MAX} manifests lie under ${this.#location}`)
    }
    if (depth > INDEX_DEPTH_MAX) {
      throw new UserError('invalid', `index ${digest} lies more than ${INDEX_DEPTH_MAX} indexes deep`)
    }
    if (isIndex(mediaType)) {
      const bytes = await this.#keep('index', descriptor)
      const index = requireOneType(descriptor, parseJSON(`index ${digest}`, bytes, Index))
      const children: Tree[] = []
      for (const child of index.manifests) children.push(await this.tree(child, depth + 1))
      return { descriptor, bytes, children, blobs: [] }
    }
    if (!isManifest(mediaType)) {
      throw new UserError('invalid', `manifest ${digest} has the unknown media type ${mediaType}`, {
        hint: 'known are OCI images and indexes, and docker images of schema 2',
      })
    }
    const bytes = await this.#keep('manifest', descriptor)
    const { config, layers } = requireOneType(descriptor, parseJSON(`manifest ${digest}`, bytes, Manifest))
    return { descriptor, bytes, children: [], blobs: [config, ...layers] }
  }

  async #keep(what: string, descriptor: Descriptor): Promise<Buffer> {
    const bytes = await this.#read(what, descriptor)
    this.#manifestsBytes += bytes.length
    if (this.#manifestsBytes <= MANIFESTS_BYTES_MAX) return bytes
    throw new UserError('invalid', `the manifests under ${this.#location} have more than ${MANIFESTS_BYTES_MAX} bytes`)
  }

  async #requirePlatform(descriptor: Descriptor, asked: Platform): Promise<void> {
    const { digest } = descriptor
    const { config } = parseJSON(`manifest ${digest}`, await this.#read('manifest', descriptor), Manifest)
    const { os, architecture, variant } = parseJSON(
      `config ${config.digest}`,
      await this.#read('config', config),
      ImageConfig,
    )
    const offered = { os, architecture, ...(variant != null && { variant }) }
    if (matchesPlatform(asked, offered)) return
    throw new UserError(
      'not-found',
      `image ${digest} is for ${formatPlatform(offered)}, not ${formatPlatform(asked)}`,
      {
        hint: `${this.#location} has one image only: leave the platform out to take it`,
      },
    )
  }

  /** Runs a reader that cannot wait: what it lacks is fetched, then it is run again. */
  async #fetching<T>(work: (read: ReadBlob) => T): Promise<T> {
    for (;;) {
      try {
        return work((what, descriptor) => {
          const bytes = this.#known.get(descriptor.digest)
          if (bytes === undefined) throw new Lacking(what, descriptor)
          return bytes
        })
      } catch (error) {
        if (!(error instanceof Lacking)) throw error
        this.#known.set(error.descriptor.digest, await this.#read(error.what, error.descriptor))
      }
    }
  }
}

class Lacking extends Error {
  readonly what: string
  readonly descriptor: Descriptor

  constructor(what: string, descriptor: Descriptor) {
    super(`${what} ${descriptor.digest} is not here yet`)
    this.what = what
    this.descriptor = descriptor
  }
}
