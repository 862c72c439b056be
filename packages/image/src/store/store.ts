/**
 * The images of one machine: a directory that is at all times a valid OCI image layout, with the unpacked layers beside it.
 *
 *   const store = await ImageStore.open('/var/lib/mini-docker')
 *   store.list()                              what there is
 *   store.get('alpine:3.20')                  one, by name, ID or the start of an ID
 *   await store.unpack(image)                 its layers as trees, for an overlay's lowerdir
 *
 * Reading is synchronous and cached; all that changes the store is durable when its promise resolves. Several processes may use
 * one store. Who adds blobs holds a shared lock until `index.json` names them; `gc` and `remove` need it alone.
 */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { UserError } from '@mini-docker/syscall'
import { type ChainID, type Digest, type ImageID } from '../digest.ts'
import { parseJSON } from '../json.ts'
import { hostPlatform } from '../platform.ts'
import { familiarReference, parseReference, type Reference } from '../reference.ts'
import { LayoutFile, type Descriptor } from '../schema.ts'
import type { Expected, StoredBlob } from './blob-writer.ts'
import { Blobs, readCapped } from './blobs.ts'
import { Downloads } from './downloads.ts'
import { writeWhole } from './durable.ts'
import { reachableBlobs, sweep, type Swept } from './gc.ts'
import { readImage, type Image, type ImageContent, type ReadBlob } from './image.ts'
import { EMPTY_INDEX, IndexFile } from './index-file.ts'
import { Layers } from './layers.ts'
import { takeLock, tryLock } from './lock.ts'
import { findImage, type Found } from './lookup.ts'
import { addNames, dropName, isNamed, nameOf } from './names.ts'
import { StorePaths } from './paths.ts'
import { planRemoval } from './removal.ts'
import { verifyStore, type Problem } from './verify.ts'

export type StoreOptions = {
  /** The layers that containers use: `gc` and `remove` never take them. Asked each time; 'all' keeps every unpacked layer. */
  layersInUse?: () => Iterable<ChainID> | 'all'
}

/** What docker's `DELETE /images/{name}` answers. */
export type RemovalEvent = { Untagged: string } | { Deleted: string }

const VERSION = '1.0.0'

export class ImageStore {
  readonly root: string
  /** Where mount(2) has to stand for `lowerdir=l/…` */
  readonly layersDir: string
  readonly blobs: Blobs
  readonly layers: Layers
  readonly downloads: Downloads
  readonly #paths: StorePaths
  readonly #index: IndexFile
  readonly #layersInUse: () => Iterable<ChainID> | 'all'
  readonly #contents = new Map<Digest, ImageContent>()

  private constructor(paths: StorePaths, options: StoreOptions) {
    this.root = paths.root
    this.layersDir = paths.layers
    this.#paths = paths
    this.blobs = new Blobs(paths)
    this.layers = new Layers(paths, this.blobs)
    this.downloads = new Downloads(paths, this.blobs)
    this.#index = new IndexFile(paths, this.blobs)
    this.#layersInUse = options.layersInUse ?? (() => [])
  }

  /** Opens the store in `root`, and makes it where there is none. @throws UserError when something else lies there. */
  static async open(root: string, options: StoreOptions = {}): Promise<ImageStore> {
    const paths = new StorePaths(root)
    await mkdir(root, { recursive: true, mode: 0o710 })
    for (const directory of [paths.blobs, paths.tmp]) await mkdir(directory, { recursive: true, mode: 0o755 })
    // Unpacked trees hold setuid programs that only containers may start.
    await mkdir(paths.layers, { recursive: true, mode: 0o700 })
    await mkdir(paths.links, { recursive: true, mode: 0o700 })
    await using _lock = await takeLock(paths.indexLock, 'exclusive')
    if (!existsSync(paths.layoutFile)) {
      await writeWhole(paths.layoutFile, `${JSON.stringify({ imageLayoutVersion: VERSION })}\n`)
    }
    const { imageLayoutVersion } = parseJSON(
      paths.layoutFile,
      readCapped(paths.layoutFile, paths.layoutFile),
      LayoutFile,
    )
    if (!imageLayoutVersion.startsWith('1.')) {
      throw new UserError('not-built', `${paths.layoutFile} is of version ${imageLayoutVersion}, only 1.x is known`)
    }
    if (!existsSync(paths.index)) await writeWhole(paths.index, EMPTY_INDEX)
    return new ImageStore(paths, options)
  }

  /** All images, newest first. One that is damaged is left out: see `verify`. */
  list(): Image[] {
    const groups = new Map<ImageID, { content: ImageContent; names: Reference[] }>()
    for (const descriptor of this.#index.read().manifests) {
      const content = this.#tryContent(descriptor)
      if (content === undefined) continue
      const group = groups.get(content.id) ?? { content, names: [] }
      groups.set(content.id, group)
      const name = nameOf(descriptor)
      if (name !== undefined) group.names.push(name)
    }
    const images = [...groups.values()].map(({ content, names }) => this.#image(content, names))
    return images.toSorted((a, b) => (b.created ?? '').localeCompare(a.created ?? '') || a.id.localeCompare(b.id))
  }

  /**
   * Docker's rules: a name, `name@digest`, a whole ID, the start of an ID that fits only one image, or a manifest's digest.
   * @throws UserError `invalid` when it can be none of these, or when the start of an ID fits several.
   */
  resolve(text: string): Image | undefined {
    return findImage(this.list(), text)?.image
  }

  /** The same, for who needs it to be there. @throws UserError `not-found`: `No such image: alpine:latest`. */
  get(text: string): Image {
    return this.find(text).image
  }

  /** The same, and whether it was found by a name or by its ID. */
  find(text: string): Found {
    const found = findImage(this.list(), text)
    if (found !== undefined) return found
    throw noSuchImage(text)
  }

  /** The image of a manifest that is in the store, whether it has a name or not. @throws UserError when it is malformed. */
  read(manifest: Descriptor): ImageContent {
    return readImage(this.#read, manifest, hostPlatform())
  }

  /** Stores one blob. Inside `adding`, unless nothing else is to follow. */
  ingestBlob(stream: AsyncIterable<Uint8Array> | Uint8Array, expected: Expected = {}): Promise<StoredBlob> {
    return this.blobs.ingest(stream, expected)
  }

  /** Keeps gc away while `work` brings blobs that nothing refers to yet. May be nested. */
  async adding<T>(work: () => Promise<T>): Promise<T> {
    await using _lock = await this.holdBlobs()
    return await work()
  }

  /** The same as a thing with a lifetime: while it is held, nothing is removed. */
  holdBlobs(): Promise<AsyncDisposable> {
    return takeLock(this.#paths.lock, 'shared')
  }

  /**
   * Makes a manifest that is in the store an image, under these names; a name that another image had moves.
   * @throws UserError when the manifest, its config or a layer's blob is missing or malformed.
   */
  async add(manifest: Descriptor, names: readonly Reference[]): Promise<Image> {
    const content = this.read(manifest)
    for (const { digest } of content.layers) {
      if (this.blobs.size(digest) === undefined)
        throw new UserError('not-found', `layer ${digest} is missing in the store`)
    }
    await this.#index.update((manifests) => addNames(manifests, manifest, names))
    return this.get(content.id)
  }

  /** Gives an image one more name. A name that another image had moves. */
  async tag(image: Pick<Image, 'id'>, name: Reference): Promise<void> {
    if (name.digest !== undefined) {
      throw new UserError('invalid', 'refusing to create a tag with a digest reference')
    }
    await this.#index.update((manifests) => {
      const descriptor = manifests.find((one) => this.#tryContent(one)?.id === image.id)
      if (descriptor === undefined) throw noSuchImage(image.id)
      return addNames(manifests, descriptor, [name])
    })
  }

  /** Takes a name away; the image stays, as `<none>` if it was the last. @throws UserError `not-found`. */
  async untag(name: Reference): Promise<void> {
    await this.#index.update((manifests) => {
      if (!manifests.some((one) => isNamed(one, name))) throw noSuchImage(familiarReference(name))
      return dropName(manifests, name)
    })
  }

  /**
   * Docker's `rmi`: by name it untags, and deletes with the last name; by ID it deletes. Layers that other images or containers
   * need stay. Whether a container uses the image is the caller's to check first.
   */
  async remove(text: string, options: { force?: boolean } = {}): Promise<RemovalEvent[]> {
    let events: RemovalEvent[] = []
    await this.#index.update((manifests) => {
      const { image, by } = this.find(text)
      const own = manifests.filter((one) => this.#tryContent(one)?.id === image.id)
      const names = own.flatMap((one) => nameOf(one) ?? [])
      const { untag, deletes } = planRemoval(image.id, names, by, options.force ?? false)
      const untagged = untag.reduce(dropName, manifests)
      const rest = deletes ? untagged.filter((one) => !own.some(({ digest }) => digest === one.digest)) : untagged
      events = untag.map((name) => ({ Untagged: familiarReference(name) }))
      if (deletes) {
        const kept = this.#chains(rest)
        const gone = image.layers
          .map(({ chainID }) => chainID)
          .filter((chainID) => kept !== 'all' && !kept.has(chainID))
        events.push({ Deleted: image.id }, ...gone.toReversed().map((chainID) => ({ Deleted: chainID })))
      }
      return rest
    })
    // While a load is running its blobs cannot be told from garbage: leave that to the next gc.
    await this.collectIfIdle()
    return events
  }

  /**
   * Makes sure that all layers of an image are unpacked. Needs root. Safe to call from anywhere at once.
   * @returns the chainIDs, bottom first. None for an image without layers.
   * @throws UserError `invalid` when a layer is not what the image says.
   */
  async unpack(image: Pick<Image, 'layers'>): Promise<ChainID[]> {
    if (!image.layers.every(({ chainID }) => this.layers.has(chainID))) {
      await this.adding(() => this.layers.unpack(image.layers))
    }
    return image.layers.map(({ chainID }) => chainID)
  }

  /** A layer's tree, relative to `layersDir`: `l/0123456789abcdef`. */
  shortLink(chainID: ChainID): string {
    return this.#paths.shortLink(chainID)
  }

  /** Removes blobs, layers and half-made files that nothing needs. @throws UserError `conflict` when a load goes on too long. */
  async gc(options: { timeoutMs?: number } = {}): Promise<Swept> {
    const swept = await this.#collect(options.timeoutMs ?? 10_000)
    if (swept !== undefined) return swept
    throw new UserError('conflict', `the store ${this.root} is in use`, {
      hint: 'a load or import is running: try again later',
    })
  }

  /** The same if nobody is adding right now; otherwise nothing. */
  async collectIfIdle(): Promise<Swept | undefined> {
    return await this.#collect(0)
  }

  /** Checks everything, by reading every byte. Empty when all is well. Nothing is removed meanwhile. */
  async verify(): Promise<Problem[]> {
    await using _lock = await this.holdBlobs()
    const { blobs, layers } = this
    return await verifyStore({
      paths: this.#paths,
      index: this.#index,
      read: this.#read,
      platform: hostPlatform(),
      blobs,
      layers,
    })
  }

  async #collect(timeoutMs: number): Promise<Swept | undefined> {
    await using lock = await tryLock(this.#paths.lock, 'exclusive', timeoutMs)
    if (lock === undefined) return undefined
    const { manifests } = this.#index.readAll()
    this.#contents.clear()
    return await sweep(this.#paths, reachableBlobs(this.#read, manifests), this.#chains(manifests))
  }

  #chains(manifests: readonly Descriptor[]): Set<ChainID> | 'all' {
    const inUse = this.#layersInUse()
    if (inUse === 'all') return 'all'
    const ofImages = manifests.flatMap((one) => this.#tryContent(one)?.layers ?? []).map(({ chainID }) => chainID)
    return new Set([...inUse, ...ofImages])
  }

  #image(content: ImageContent, references: readonly Reference[]): Image {
    const written = [...new Set(references.map(familiarReference))].toSorted()
    const sizeOf = (chainID: ChainID): number | undefined => this.#tryInfo(chainID)?.bytes
    return {
      ...content,
      names: written.filter((name) => !name.includes('@')),
      repoDigests: written.filter((name) => name.includes('@')),
      created: content.config.created ?? undefined,
      sizeBytes: content.layers.reduce((sum, { chainID, size }) => sum + (sizeOf(chainID) ?? size), 0),
    }
  }

  #tryInfo(chainID: ChainID): { bytes: number } | undefined {
    try {
      return this.layers.info(chainID)
    } catch (error) {
      if (error instanceof UserError) return undefined
      throw error
    }
  }

  #tryContent(descriptor: Descriptor): ImageContent | undefined {
    const known = this.#contents.get(descriptor.digest)
    if (known !== undefined) return known
    try {
      const content = this.read(descriptor)
      this.#contents.set(descriptor.digest, content)
      return content
    } catch (error) {
      if (error instanceof UserError) return undefined
      throw error
    }
  }

  readonly #read: ReadBlob = (what, { digest }) => this.blobs.read(what, digest)
}

function noSuchImage(text: string): UserError {
  const name = /^(sha256:)?[0-9a-f]{64}$/.test(text) ? text : familiarReference(parseReference(text))
  return new UserError('not-found', `No such image: ${name}`, { hint: 'see: image ls' })
}
