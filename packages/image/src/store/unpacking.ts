/**
 * The layers of some images on their way to trees. They are unpacked in any order and several at once; each is put in its place when
 * all below it are in theirs, since only then is it known whose the directories are that it does not describe.
 *
 * While a layer is prepared and waits for one below, its lock is held; the lowest one waits for nobody, so all come through, also
 * when several do this with the same layers.
 */
import type { ChainID, Digest } from '../digest.ts'
import type { Layer } from './image.ts'
import type { Layers, Prepared } from './layers.ts'

export class Unpacking implements AsyncDisposable {
  readonly #layers: Layers
  readonly #images: readonly (readonly Layer[])[]
  readonly #prepared = new Map<ChainID, Prepared>()
  #settling: Promise<void> = Promise.resolve()

  /** `images`: the layers of each, bottom first. */
  constructor(layers: Layers, images: readonly (readonly Layer[])[]) {
    this.#layers = layers
    this.#images = images
  }

  /** The layers made from a blob that are not unpacked: one blob may stand in several places of an image. */
  missing(digest: Digest): Layer[] {
    const layers = this.#images.flat().filter((layer) => layer.digest === digest)
    const unique = [...new Map(layers.map((layer) => [layer.chainID, layer])).values()]
    return unique.filter(({ chainID }) => !this.#prepared.has(chainID) && !this.#layers.has(chainID))
  }

  /** Unpacks one layer, then puts into place what can be. `bytes` are not read when somebody else has unpacked it meanwhile. */
  async take(layer: Layer, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const prepared = await this.#layers.prepare(layer, bytes)
    if (prepared !== undefined) this.#prepared.set(layer.chainID, prepared)
    this.#settling = this.#settling.then(() => this.#settle())
    await this.#settling
  }

  /** Removes what did not get to its place. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#settling.catch(() => {})
    for (const prepared of this.#prepared.values()) await prepared[Symbol.asyncDispose]()
  }

  async #settle(): Promise<void> {
    for (const image of this.#images) {
      for (const [i, { chainID }] of image.entries()) {
        if (this.#layers.has(chainID)) continue
        const prepared = this.#prepared.get(chainID)
        if (prepared === undefined) break
        await prepared.settle(image.slice(0, i))
        this.#prepared.delete(chainID)
      }
    }
  }
}
