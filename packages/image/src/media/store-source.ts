/** Images of the store as a source: `store:alpine:3.20`, and what `push` and `save` read from. */
import { requireExpected } from '../store/blob-writer.ts'
import { digestOf, type Digest } from '../digest.ts'
import type { Root, Source } from '../copy/medium.ts'
import { familiarReference, parseName, type Reference } from '../reference.ts'
import type { Descriptor } from '../schema.ts'
import type { Image } from '../store/image.ts'
import type { ImageStore } from '../store/store.ts'

/** An image and the names under which it shall be copied. */
export type Offered = { image: Image; names: readonly Reference[] }

export class StoreSource implements Source {
  readonly location: string
  readonly #store: ImageStore
  readonly #offered: readonly Offered[]
  readonly #hold: AsyncDisposable

  private constructor(store: ImageStore, offered: readonly Offered[], hold: AsyncDisposable) {
    this.location = `store:${offered.map(({ image, names }) => (names[0] && familiarReference(names[0])) ?? image.id).join(',')}`
    this.#store = store
    this.#offered = offered
    this.#hold = hold
  }

  /** While it is open, nothing is removed from the store. */
  static async open(store: ImageStore, offered: readonly Offered[]): Promise<StoreSource> {
    return new StoreSource(store, offered, await store.holdBlobs())
  }

  async roots(): Promise<Root[]> {
    return this.#offered.map(({ image, names }) => ({
      descriptor: {
        mediaType: image.manifestMediaType,
        digest: image.manifestDigest,
        size: image.manifestSize,
      },
      names,
    }))
  }

  async read(what: string, descriptor: Descriptor): Promise<Buffer> {
    const bytes = this.#store.blobs.read(what, descriptor.digest)
    requireExpected({ digest: digestOf(bytes), size: bytes.length }, descriptor)
    return bytes
  }

  open({ digest }: Descriptor, offset: number): AsyncIterable<Uint8Array> {
    return this.#store.blobs.stream(digest, offset)
  }

  /** Where an image with this layer was pulled from or pushed to, its names tell. */
  repositoriesWith(digest: Digest): Reference[] {
    const has = ({ id, layers }: Image): boolean => id === digest || layers.some((layer) => layer.digest === digest)
    const images = this.#store.list().filter(has)
    return images.flatMap(({ repoDigests }) => repoDigests).map(parseName)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#hold[Symbol.asyncDispose]()
  }
}
