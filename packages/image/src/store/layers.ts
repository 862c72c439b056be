/**
 * Unpacked layers, each in a directory of its own, unpacked once and shared by all images that have the same layers up to there.
 * A tree appears under its name whole, by rename(2), or not at all; its diffID is computed from the very bytes it was made of.
 */
import { statSync } from 'node:fs'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '@mini-docker/syscall'
import * as z from 'zod'
import { decompress } from '../compression.ts'
import { hexOf, parseDigest, Sha256, type ChainID, type DiffID } from '../digest.ts'
import { parseJSON } from '../json.ts'
import { inParallel } from '../parallel.ts'
import { inheritDirectories } from '../tree/inherit.ts'
import { unpackTree } from '../unpack/unpack-tree.ts'
import { readCapped, type Blobs } from './blobs.ts'
import { diskError, randomName, removeAll } from './durable.ts'
import type { Layer } from './image.ts'
import { takeLock } from './lock.ts'
import type { StorePaths } from './paths.ts'
import { Unpacking } from './unpacking.ts'

/** `layer.json`, beside the tree. */
const LayerFile = z.looseObject({
  chainID: z.string(),
  diffID: z.string(),
  /** The blob it was unpacked from: this pair of digest and diffID is proven. */
  digest: z.string().transform(parseDigest),
  files: z.number(),
  bytes: z.number(),
})
export type LayerFile = z.infer<typeof LayerFile>

/** Where a layer's blob can be read: the store, unless the blob is still on its way in. */
export type OpenLayer = (layer: Layer) => AsyncIterable<Uint8Array>

/** A tree that is unpacked and proven, but not in its place yet. Disposing it removes it, unless it was put there. */
export type Prepared = AsyncDisposable & {
  readonly layer: Layer
  /** Puts it in its place; all layers `below` are in theirs. */
  settle: (below: readonly Layer[]) => Promise<void>
}

/** Hashing is one thread of JavaScript, each decompression one of the pool. */
const PARALLEL = 3
const UNPACK_WAIT_MS = 6 * 3600_000

export class Layers {
  readonly #paths: StorePaths
  readonly #blobs: Blobs
  readonly #known = new Map<ChainID, { changed: bigint; file: LayerFile }>()

  constructor(paths: StorePaths, blobs: Blobs) {
    this.#paths = paths
    this.#blobs = blobs
  }

  has(chainID: ChainID): boolean {
    return this.info(chainID) !== undefined
  }

  /** What is known of an unpacked layer. One whose `layer.json` a power cut damaged counts as not unpacked: it is made anew. */
  info(chainID: ChainID): LayerFile | undefined {
    const path = join(this.#paths.layer(chainID), 'layer.json')
    const changed = statSync(path, { bigint: true, throwIfNoEntry: false })?.ctimeNs
    const known = this.#known.get(chainID)
    if (known?.changed === changed) return known?.file
    this.#known.delete(chainID)
    if (changed === undefined) return undefined
    try {
      const file = parseJSON(path, readCapped(path, path), LayerFile)
      this.#known.set(chainID, { changed, file })
      return file
    } catch (error) {
      if (error instanceof UserError) return undefined
      throw error
    }
  }

  /**
   * Unpacks what is not unpacked yet of an image's layers, several at once. Any number of callers, in any number of processes, may
   * ask at once.
   * Needs root: owners, devices and `trusted.*` attributes.
   * @throws UserError `invalid` when a layer is not what its diffID says, or its tar is hostile.
   */
  async unpack(layers: readonly Layer[], open: OpenLayer = this.#stored): Promise<void> {
    await using unpacking = new Unpacking(this, [layers])
    const missing = layers.filter(({ chainID }) => !this.has(chainID))
    await inParallel(missing, PARALLEL, (layer) => unpacking.take(layer, open(layer)))
  }

  /** Checks that each blob is the layer the config lists, without unpacking. What was unpacked from it has been checked. */
  async verify(layers: readonly Layer[], open: OpenLayer = this.#stored): Promise<void> {
    await inParallel(layers, PARALLEL, async (layer) => {
      if ((layer.digest as string) === layer.diffID || this.info(layer.chainID)?.digest === layer.digest) return
      const hash = new Sha256()
      for await (const chunk of decompress(`layer ${layer.digest}`, open(layer))) hash.update(chunk)
      requireDiffID(layer, hash.diffID())
    })
  }

  /**
   * Unpacks one layer, whatever of the layers below is there, from the bytes of its blob. Waits for whoever is unpacking it already.
   * @returns undefined when the layer has come into its place meanwhile; the bytes are not read then.
   */
  async prepare(layer: Layer, bytes: AsyncIterable<Uint8Array>): Promise<Prepared | undefined> {
    await using cleanup = new AsyncDisposableStack()
    const lockFile = join(this.#paths.tmp, `unpack-${hexOf(layer.chainID)}.lock`)
    cleanup.use(await takeLock(lockFile, 'exclusive', UNPACK_WAIT_MS))
    if (this.has(layer.chainID)) return undefined
    const name = `layer-${randomName()}`
    const directory = join(this.#paths.tmp, name)
    cleanup.defer(() => removeAll(this.#paths.tmp, name))
    const diff = join(directory, 'diff')
    await mkdir(diff, { recursive: true, mode: 0o755 })
    const { chainID, diffID, digest, size } = layer
    const unpacked = await unpackTree({ what: `layer ${digest}`, directory: diff }, bytes, size)
    requireDiffID(layer, unpacked.diffID)
    const { implied, ...applied } = unpacked.applied
    const file = `${JSON.stringify({ chainID, diffID, digest, ...applied })}\n`
    await writeFile(join(directory, 'layer.json'), file).catch((error: unknown) =>
      Promise.reject(diskError(error, directory)),
    )
    const held = cleanup.move()
    return {
      layer,
      settle: async (below) => {
        const lower = below.map((one) => join(this.#paths.layer(one.chainID), 'diff')).toReversed()
        inheritDirectories(diff, implied, lower)
        await this.#putInPlace(chainID, directory)
        // Whoever still waits for this file's lock will find the layer there.
        await rm(lockFile, { force: true })
        await held.disposeAsync()
      },
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    }
  }

  /** The link first: once the tree has its name, everything about it is in place. */
  async #putInPlace(chainID: ChainID, directory: string): Promise<void> {
    const target = this.#paths.layer(chainID)
    await symlink(`../${hexOf(chainID)}/diff`, join(this.#paths.layers, this.#paths.shortLink(chainID))).catch(
      unlessExists,
    )
    // What a power cut left of it.
    await rename(target, join(this.#paths.tmp, `removed-${randomName()}`)).catch(unlessAbsent)
    await rename(directory, target)
  }

  readonly #stored: OpenLayer = ({ digest }) => this.#blobs.stream(digest)
}

/** @throws UserError naming what the layer should have been and what it is. */
function requireDiffID({ digest, diffID }: Layer, actual: DiffID): void {
  if (actual === diffID) return
  throw new UserError('invalid', `layer ${digest} unpacks to ${actual}, the image's config says ${diffID}`, {
    hint: 'the image is corrupt or was tampered with: fetch or make it again',
  })
}

function unlessExists(error: unknown): void {
  if ((error as { code?: unknown }).code !== 'EEXIST') throw error
}

function unlessAbsent(error: unknown): void {
  if ((error as { code?: unknown }).code !== 'ENOENT') throw error
}
