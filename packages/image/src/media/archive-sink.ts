/**
 * An archive of images as a sink: an OCI image layout in a tar, and, where docker shall read it too, its `manifest.json` beside it,
 * as docker writes both since version 25. They point at the same blobs, so an image keeps its digests on the way. Equal images give
 * equal bytes.
 *
 *   oci-layout  index.json  [manifest.json]  blobs/sha256/<hex>…
 */
import { UserError } from '@mini-docker/syscall'
import type { BlobProgress, OpenBlob, Planned, Presence, Sink, Tree } from '../copy/medium.ts'
import { Sha256, type Digest } from '../digest.ts'
import { parseJSON } from '../json.ts'
import { isImageConfig, OCI_INDEX } from '../media-type.ts'
import { hostPlatform, matchesPlatform } from '../platform.ts'
import { familiarReference } from '../reference.ts'
import { ImageConfig, type ArchiveManifest, type Descriptor, type Platform } from '../schema.ts'
import { requireExpected } from '../store/blob-writer.ts'
import { withName } from '../store/names.ts'
import { tarHeader, TarWriter } from '../tar/index.ts'
import { blobPath } from './layout-source.ts'
import { withRefName } from './ref-name.ts'

/** Where the archive's bytes go. `finish` is called when they are all there and right. */
export type ArchiveOutput = AsyncDisposable & {
  write: (chunk: Uint8Array) => Promise<void>
  finish: () => Promise<void>
}

export type ArchiveOptions = {
  /** Also `manifest.json`, for docker and for skopeo's `docker-archive:`. */
  docker: boolean
  /** What the image is to be called in `index.json`, as skopeo has it: any text. Without, images keep the names that they come with. */
  name?: string | undefined
  /** What is said of a blob that is not what its digest says: `corrupt` alone, or where it is. */
  damage?: { words: string; hint: string }
}

type ConfigOf = (descriptor: Descriptor) => Promise<Buffer>

export class ArchiveSink implements Sink {
  readonly location: string
  readonly parallel = 1
  readonly onePlatform = false
  readonly #output: ArchiveOutput
  readonly #options: ArchiveOptions
  readonly #tar = new TarWriter()

  constructor(location: string, output: ArchiveOutput, options: ArchiveOptions) {
    this.location = location
    this.#output = output
    this.#options = options
  }

  /** All but the blobs stands at the front: who reads the archive knows from the start what comes. */
  async begin(images: readonly Planned[], configOf: ConfigOf): Promise<void> {
    const { name, docker } = this.#options
    if (name !== undefined && images.length > 1) {
      throw new UserError('invalid', `${this.location} is the name of one image, not of ${images.length}`)
    }
    const described: { image: Planned; platform: Platform | undefined }[] = []
    for (const image of images) described.push({ image, platform: await platformOf(image.tree, configOf) })
    const manifests = described.flatMap(({ image, platform }) => this.#entries(image, platform))
    await this.#document('oci-layout', { imageLayoutVersion: '1.0.0' })
    await this.#document('index.json', { schemaVersion: 2, mediaType: OCI_INDEX, manifests })
    if (docker)
      await this.#document(
        'manifest.json',
        images.flatMap((image) => this.#dockerItems(image)),
      )
    for (const path of ['blobs', 'blobs/sha256']) this.#tar.entry(tarHeader({ type: 'directory', path }))
    const trees = images.flatMap(({ tree }) => treesOf(tree))
    const unique = new Map(trees.map((tree) => [tree.descriptor.digest, tree]))
    for (const { descriptor, bytes } of unique.values()) await this.#file(blobPath(descriptor.digest), bytes)
  }

  async presence(): Promise<Presence> {
    return { kind: 'absent' }
  }

  async write({ digest, size }: Descriptor, open: OpenBlob, tell: (event: BlobProgress) => void): Promise<void> {
    this.#tar.entry(tarHeader({ type: 'file', path: blobPath(digest), size }))
    const hash = new Sha256()
    for await (const chunk of open(0)) {
      hash.update(chunk)
      // Who is to blame for a size that lies is the source, and not the archive.
      if (hash.bytes > size) requireExpected({ digest, size: hash.bytes }, { digest, size })
      this.#tar.data(chunk)
      await this.#flush()
      tell({ state: 'transferring', bytes: hash.bytes })
    }
    // What is handed on must be what its name says: the error stands in the stream, before its end.
    const actual = hash.digest()
    if (actual !== digest) throw this.#damaged(digest, actual)
    requireExpected({ digest, size: hash.bytes }, { digest, size })
    tell({ state: 'transferred' })
  }

  /** They stand in front already. */
  async writeManifest(): Promise<void> {}

  async finish(): Promise<void> {
    this.#tar.end()
    await this.#flush()
    await this.#output.finish()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#output[Symbol.asyncDispose]()
  }

  #damaged(digest: Digest, actual: Digest): UserError {
    const { words, hint } = this.#options.damage ?? { words: 'is corrupt', hint: 'fetch or make it again' }
    return new UserError('invalid', `blob ${digest} ${words}: it has the digest ${actual}`, { hint })
  }

  #entries({ tree, names }: Planned, platform: Platform | undefined): Descriptor[] {
    const { mediaType, digest, size } = tree.descriptor
    const descriptor: Descriptor = { mediaType, digest, size, ...(platform !== undefined && { platform }) }
    if (this.#options.name !== undefined) return [withRefName(descriptor, this.#options.name)]
    return names.length === 0 ? [descriptor] : names.map((name) => withName(descriptor, name))
  }

  /** Docker's list knows images of one platform: of an index, this machine's, or else its first. */
  #dockerItems({ tree, names }: Planned): Record<keyof ArchiveManifest[number], unknown>[] {
    const image = imageFor(tree)
    if (image === undefined) return []
    const [config, ...layers] = image.blobs
    const tags = names.map(familiarReference)
    return [
      {
        Config: blobPath(config!.digest),
        RepoTags: tags.length === 0 ? null : tags,
        Layers: layers.map(({ digest }) => blobPath(digest)),
      },
    ]
  }

  async #document(path: string, value: unknown): Promise<void> {
    await this.#file(path, Buffer.from(JSON.stringify(value)))
  }

  async #file(path: string, bytes: Uint8Array): Promise<void> {
    this.#tar.entry(tarHeader({ type: 'file', path, size: bytes.length }))
    this.#tar.data(bytes)
    await this.#flush()
  }

  async #flush(): Promise<void> {
    for (const chunk of this.#tar.take()) await this.#output.write(chunk)
  }
}

/** Of a lone image, what its config says; an index says it of each image itself. */
async function platformOf({ children, blobs }: Tree, configOf: ConfigOf): Promise<Platform | undefined> {
  const config = blobs[0]
  if (children.length > 0 || config === undefined || !isImageConfig(config.mediaType)) return undefined
  const bytes = await configOf(config)
  const { os, architecture, variant } = parseJSON(`config ${config.digest}`, bytes, ImageConfig)
  return { architecture, os, ...(variant ? { variant } : {}) }
}

function imageFor(tree: Tree): Tree | undefined {
  const images = treesOf(tree).filter(({ blobs }) => blobs[0] !== undefined && isImageConfig(blobs[0].mediaType))
  const here = images.find(({ descriptor: { platform } }) => platform && matchesPlatform(hostPlatform(), platform))
  return here ?? images[0]
}

function treesOf(tree: Tree): Tree[] {
  return [tree, ...tree.children.flatMap(treesOf)]
}
