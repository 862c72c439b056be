/**
 * The store as a sink: what `pull` and `load` write to. A layer is one stream: what comes from the network is hashed, written to a
 * download (see downloads.ts) and unpacked at the same time, several layers at once, in any order.
 */
import { UserError } from '@mini-docker/syscall'
import type { BlobProgress, OpenBlob, Planned, Presence, Sink, Tree } from '../copy/medium.ts'
import type { Digest, ImageID } from '../digest.ts'
import { hostPlatform } from '../platform.ts'
import { familiarReference, formatReference, type Reference } from '../reference.ts'
import type { Descriptor } from '../schema.ts'
import { readImage, type Image, type ImageContent, type Layer } from '../store/image.ts'
import type { ImageStore } from '../store/store.ts'
import { Unpacking } from '../store/unpacking.ts'

export type StoreSinkOptions = {
  /** false: layers are only checked, which needs no root. Default true. */
  unpack?: boolean
  /** Also names each image by its digest where it came from (docker's RepoDigests): for pulls. Default false. */
  digestNames?: boolean
  /** Blobs taken at once. Default 3, as docker's max-concurrent-downloads. */
  parallel?: number
}

/** An image that came into the store. */
export type Stored = {
  image: Image
  /** The names it came with, familiar, without digests; may be none. */
  names: string[]
  /** Images that had one of these names before and lost it. */
  replaced: { name: string; id: ImageID }[]
}

export class StoreSink implements Sink {
  readonly location: string
  readonly parallel: number
  readonly onePlatform = true
  /** After `finish`: what came. */
  readonly stored: Stored[] = []
  readonly #store: ImageStore
  readonly #unpack: boolean
  readonly #digestNames: boolean
  readonly #held = new AsyncDisposableStack()
  /** Blobs that came through this sink from far away. */
  readonly #fetched = new Set<Digest>()
  #refused = false
  #contents: ImageContent[] = []
  #unpacking: Unpacking | undefined

  private constructor(store: ImageStore, { unpack = true, digestNames = false, parallel = 3 }: StoreSinkOptions) {
    this.location = `store in ${store.root}`
    this.#store = store
    this.#unpack = unpack
    this.#digestNames = digestNames
    this.parallel = parallel
  }

  /** While it is open, nothing is removed from the store. */
  static async open(store: ImageStore, options: StoreSinkOptions = {}): Promise<StoreSink> {
    const sink = new StoreSink(store, options)
    sink.#held.defer(() => sink.#tidy())
    sink.#held.use(await store.holdBlobs())
    return sink
  }

  recall(what: string, { digest, size }: Descriptor): Buffer | undefined {
    return this.#store.blobs.size(digest) === size ? this.#store.blobs.read(what, digest) : undefined
  }

  async begin(images: readonly Planned[], configOf: (config: Descriptor) => Promise<Buffer>): Promise<void> {
    for (const { tree } of images) this.#contents.push(await readContent(tree, configOf))
    if (!this.#unpack) return
    this.#unpacking = this.#held.use(
      new Unpacking(
        this.#store.layers,
        this.#contents.map(({ layers }) => layers),
      ),
    )
  }

  async presence({ digest }: Descriptor): Promise<Presence> {
    const complete = this.#store.blobs.size(digest) !== undefined && this.#missing(digest).length === 0
    return { kind: complete ? 'present' : 'absent' }
  }

  async write(blob: Descriptor, open: OpenBlob, tell: (event: BlobProgress) => void): Promise<void> {
    const kept = await this.#store.downloads.kept(blob.digest)
    await this.#refusing(async () => {
      try {
        await this.#take(blob, open, tell)
      } catch (error) {
        // What an earlier attempt left may be damaged (a power cut): without it, once more.
        if (kept === 0 || !isInvalid(error)) throw error
        await this.#store.downloads.drop(blob.digest)
        await this.#take(blob, open, tell)
      }
    })
  }

  async writeManifest({ bytes, descriptor }: Tree): Promise<void> {
    await this.#store.ingestBlob(bytes, { digest: descriptor.digest, size: descriptor.size })
  }

  async finish(images: readonly Planned[]): Promise<void> {
    await this.#refusing(() => this.#store.layers.verify(this.#unproven(), (layer) => this.#local(layer)))
    await this.#store.downloads.commit(images.flatMap(({ tree }) => tree.blobs.map(({ digest }) => digest)))
    for (const image of images) this.stored.push(await this.#name(image))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync()
  }

  /**
   * The layers of images that are new here. One that was unpacked just now is proven by that; but a tree may be here already, made from
   * another blob that a config calls by the same diffID, and then this blob is not proven by it.
   */
  #unproven(): Layer[] {
    const known = new Set(this.#store.list().map(({ manifestDigest }) => manifestDigest))
    return this.#contents.filter(({ manifestDigest }) => !known.has(manifestDigest)).flatMap(({ layers }) => layers)
  }

  /** Notes when the image turns out to be bad. */
  async #refusing(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#refused ||= isInvalid(error)
      throw error
    }
  }

  /** Once through the network; a blob that stands in several places is read again from here. */
  async #take(blob: Descriptor, open: OpenBlob, tell: (event: BlobProgress) => void): Promise<void> {
    let away = false
    const stream = (): AsyncGenerator<Uint8Array> =>
      this.#store.downloads.stream(blob, open, (bytes, from) => {
        if (from === 'away') away = true
        if (away) this.#fetched.add(blob.digest)
        tell({ state: from === 'away' ? 'transferring' : 'unpacking', bytes })
        if (away && bytes === blob.size) tell({ state: 'transferred' })
      })
    const missing = this.#missing(blob.digest)
    for (const layer of missing) await readWhole(stream(), (bytes) => this.#unpacking!.take(layer, bytes))
    if (missing.length === 0 || !(await this.#isHere(blob))) for await (const _ of stream()) continue
  }

  /**
   * What came in vain: of a bad image nothing stays; of one that was cut off, its downloads do, for the next try. Other garbage goes at
   * once where nobody else is adding.
   */
  async #tidy(): Promise<void> {
    if (this.stored.length > 0) return
    if (this.#refused) for (const digest of this.#fetched) await this.#store.downloads.drop(digest)
    await this.#store.collectIfIdle()
  }

  #missing(digest: Digest) {
    return this.#unpacking?.missing(digest) ?? []
  }

  /** Not after somebody else unpacked the layer while this one waited: then nothing was read. */
  async #isHere({ digest, size }: Descriptor): Promise<boolean> {
    return (await this.#store.downloads.kept(digest)) === size
  }

  #local(blob: Pick<Descriptor, 'digest' | 'size'>): AsyncIterable<Uint8Array> {
    return this.#store.downloads.stream(
      blob,
      () => {
        throw new UserError('not-found', `layer ${blob.digest} is missing in the store`)
      },
      () => {},
    )
  }

  async #name({ tree, names, chosenFrom }: Planned): Promise<Stored> {
    const unique = [...new Map(names.map((one) => [formatReference(one), one])).values()]
    const tagged = unique.filter(({ digest }) => digest === undefined).map(familiarReference)
    const before = tagged.map((name) => ({ name, id: this.#store.resolve(name)?.id }))
    const { digest } = chosenFrom ?? tree.descriptor
    const byDigest = unique.map(({ domain, path }): Reference => ({ domain, path, digest }))
    const image = await this.#store.add(tree.descriptor, this.#digestNames ? [...unique, ...byDigest] : unique)
    const replaced = before.flatMap(({ name, id }) => (id === undefined || id === image.id ? [] : [{ name, id }]))
    return { image, names: tagged, replaced }
  }
}

/** Also what this store cannot keep: the next try would not either. */
function isInvalid(error: unknown): boolean {
  return error instanceof UserError && (error.code === 'invalid' || error.code === 'not-built')
}

/** An image whose manifest is in the tree, and whose config is read with `configOf`. */
async function readContent(
  { descriptor, bytes, blobs }: Tree,
  configOf: (config: Descriptor) => Promise<Buffer>,
): Promise<ImageContent> {
  const [config] = blobs
  const configBytes = config && (await configOf(config))
  return readImage(
    (_what, { digest }) => (digest === descriptor.digest ? bytes : (configBytes ?? Buffer.alloc(0))),
    descriptor,
    hostPlatform(),
  )
}

/**
 * Lets `work` read a stream, then reads what `work` left of it: the digest is over all bytes. Also after `work` found the bytes bad:
 * when they are not even those of the digest, that is what the user must hear.
 */
async function readWhole(
  stream: AsyncGenerator<Uint8Array>,
  work: (bytes: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  let started = false
  const shared: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => {
      started = true
      // No return(): who stops early does not end the stream.
      return { next: () => stream.next() }
    },
  }
  const rest = async (): Promise<void> => {
    if (started) for (let next = await stream.next(); next.done !== true; next = await stream.next());
  }
  try {
    await work(shared)
    await rest()
  } catch (error) {
    if (isInvalid(error)) await rest()
    throw error
  } finally {
    await stream.return(undefined)
  }
}
