/**
 * Unpacked layers, each in a directory of its own, unpacked once and shared by all images that have the same layers up to there.
 * From bottom to top, since a tar may name `tmp/x` without `tmp`: that directory then gets the owner and mode it has below.
 * A tree appears under its name whole, by rename(2), or not at all; its diffID is computed from the very bytes it was made of.
 */
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '@mini-docker/syscall'
import * as z from 'zod'
import { decompress } from '../compression.ts'
import { hexOf, parseDigest, Sha256, type ChainID, type DiffID } from '../digest.ts'
import { parseJSON } from '../json.ts'
import { applyLayer } from '../tree/apply.ts'
import { readCapped, type Blobs } from './blobs.ts'
import { diskError, randomName, syncDirectory } from './durable.ts'
import type { Layer } from './image.ts'
import { takeLock } from './lock.ts'
import type { StorePaths } from './paths.ts'

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

/** Hashing is one thread of JavaScript, each decompression one of the pool. */
const PARALLEL = 3
const UNPACK_WAIT_MS = 30 * 60_000

export class Layers {
  readonly #paths: StorePaths
  readonly #blobs: Blobs
  readonly #running = new Map<ChainID, Promise<void>>()
  readonly #known = new Map<ChainID, LayerFile>()

  constructor(paths: StorePaths, blobs: Blobs) {
    this.#paths = paths
    this.#blobs = blobs
  }

  has(chainID: ChainID): boolean {
    return existsSync(join(this.#paths.layer(chainID), 'layer.json'))
  }

  /** What is known of an unpacked layer. @throws UserError when `layer.json` is half-written. */
  info(chainID: ChainID): LayerFile | undefined {
    if (!this.has(chainID)) {
      this.#known.delete(chainID)
      return undefined
    }
    let info = this.#known.get(chainID)
    if (info === undefined) {
      const path = join(this.#paths.layer(chainID), 'layer.json')
      info = parseJSON(path, readCapped(path, path), LayerFile)
      this.#known.set(chainID, info)
    }
    return info
  }

  /**
   * Unpacks what is not unpacked yet of an image's layers, bottom first. Any number of callers, in any number of processes, may
   * ask at once.
   * Needs root: owners, devices and `trusted.*` attributes.
   * @throws UserError `invalid` when a layer is not what its diffID says, or its tar is hostile.
   */
  async unpack(layers: readonly Layer[], open: OpenLayer = this.#stored): Promise<void> {
    for (const [i, layer] of layers.entries()) await this.#once(layer, layers.slice(0, i), open)
  }

  /** Checks that each blob is the layer the config lists, without unpacking. What was unpacked from it has been checked. */
  async verify(layers: readonly Layer[], open: OpenLayer = this.#stored): Promise<void> {
    await inParallel(layers, PARALLEL, async (layer) => {
      if ((layer.digest as string) === layer.diffID || this.info(layer.chainID)?.digest === layer.digest) return
      const hash = new Sha256()
      for await (const chunk of plain(layer, open)) hash.update(chunk)
      requireDiffID(layer, hash.diffID())
    })
  }

  #once(layer: Layer, below: readonly Layer[], open: OpenLayer): Promise<void> {
    let running = this.#running.get(layer.chainID)
    if (running === undefined) {
      running = this.#unpack(layer, below, open).finally(() => this.#running.delete(layer.chainID))
      this.#running.set(layer.chainID, running)
    }
    return running
  }

  async #unpack(layer: Layer, below: readonly Layer[], open: OpenLayer): Promise<void> {
    const target = this.#paths.layer(layer.chainID)
    if (this.has(layer.chainID)) return
    const lockFile = join(this.#paths.tmp, `unpack-${hexOf(layer.chainID)}.lock`)
    await using _lock = await takeLock(lockFile, 'exclusive', UNPACK_WAIT_MS)
    if (this.has(layer.chainID)) return
    const directory = join(this.#paths.tmp, `layer-${randomName()}`)
    try {
      const diff = join(directory, 'diff')
      await mkdir(diff, { recursive: true, mode: 0o755 })
      const hash = new Sha256()
      const lower = below.map(({ chainID }) => join(this.#paths.layer(chainID), 'diff')).toReversed()
      const applied = await applyLayer(hashed(plain(layer, open), hash), diff, { lower })
      requireDiffID(layer, hash.diffID())
      const { chainID, diffID, digest } = layer
      await writeFile(join(directory, 'layer.json'), `${JSON.stringify({ chainID, diffID, digest, ...applied })}\n`, {
        flush: true,
      })
      // The link first: once the tree has its name, everything about it is in place.
      await this.#link(chainID)
      await rename(directory, target)
      await syncDirectory(this.#paths.layers)
      // Whoever still waits for this file's lock will find the layer there.
      await rm(lockFile, { force: true })
    } catch (error) {
      throw diskError(error, target)
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }

  async #link(chainID: ChainID): Promise<void> {
    const path = join(this.#paths.layers, this.#paths.shortLink(chainID))
    await symlink(`../${hexOf(chainID)}/diff`, path).catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== 'EEXIST') throw error
    })
  }

  readonly #stored: OpenLayer = ({ digest }) => this.#blobs.stream(digest)
}

function plain(layer: Layer, open: OpenLayer): AsyncGenerator<Uint8Array> {
  return decompress(`layer ${layer.digest}`, open(layer))
}

/** @throws UserError naming what the layer should have been and what it is. */
function requireDiffID({ digest, diffID }: Layer, actual: DiffID): void {
  if (actual === diffID) return
  throw new UserError('invalid', `layer ${digest} unpacks to ${actual}, the image's config says ${diffID}`, {
    hint: 'the image is corrupt or was tampered with: fetch or make it again',
  })
}

/** Hashes what goes by. Relies on the reader to read to the end, padding behind the archive's end included. */
async function* hashed(input: AsyncIterable<Uint8Array>, hash: Sha256): AsyncGenerator<Uint8Array> {
  for await (const chunk of input) {
    hash.update(chunk)
    yield chunk
  }
}

/** Works on up to `limit` items at once. After a failure starts nothing new, and rejects when all that was started has ended. */
async function inParallel<T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items]
  const failures: unknown[] = []
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined && failures.length === 0; item = waiting.shift()) {
      await work(item).catch((error: unknown) => failures.push(error))
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
  if (failures.length > 0) throw failures[0]
}
