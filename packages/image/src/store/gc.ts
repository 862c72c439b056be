/**
 * Mark and sweep. The roots are the descriptors in `index.json` and the layers that containers use; what cannot be reached from
 * them goes. Runs only while nobody adds to the store: a load's blobs are reachable only at its end.
 */
import { readlinkSync } from 'node:fs'
import { readdir, rename, rm, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { hexOf, type ChainID, type Digest } from '../digest.ts'
import { parseJSON } from '../json.ts'
import { isIndex, isManifest } from '../media-type.ts'
import { Index, Manifest, type Descriptor } from '../schema.ts'
import { randomName, removeAll } from './durable.ts'
import type { ReadBlob } from './image.ts'
import type { StorePaths } from './paths.ts'

export type Swept = {
  /** Hex names of blobs that went. */
  blobs: string[]
  /** Hex chainIDs of unpacked layers that went. */
  layers: string[]
  /** Half-made things of processes that are gone. */
  temporary: number
  /** Bytes of the blobs that went; the trees' are not counted. */
  bytes: number
}

/** All blobs that a list of descriptors needs. A blob that is damaged or missing leads nowhere; `verify` reports it. */
export function reachableBlobs(read: ReadBlob, roots: readonly Descriptor[]): Set<Digest> {
  const seen = new Set<Digest>()
  const waiting = [...roots]
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (seen.has(one.digest)) continue
    seen.add(one.digest)
    waiting.push(...childrenOf(read, one))
  }
  return seen
}

function childrenOf(read: ReadBlob, descriptor: Descriptor): Descriptor[] {
  const { mediaType, digest } = descriptor
  try {
    if (isIndex(mediaType)) return parseJSON(`index ${digest}`, read('index', descriptor), Index).manifests
    if (!isManifest(mediaType)) return []
    const { config, layers } = parseJSON(`manifest ${digest}`, read('manifest', descriptor), Manifest)
    return [config, ...layers]
  } catch {
    return []
  }
}

/** Removes what is not in `blobs` and `chains`. `chains: 'all'` keeps every unpacked layer. */
export async function sweep(
  paths: StorePaths,
  blobs: ReadonlySet<Digest>,
  chains: ReadonlySet<ChainID> | 'all',
): Promise<Swept> {
  const swept: Swept = { blobs: [], layers: [], temporary: 0, bytes: 0 }
  await sweepBlobs(paths, new Set([...blobs].map(hexOf)), swept)
  if (chains !== 'all') await sweepLayers(paths, new Set([...chains].map(hexOf)), swept)
  await sweepLinks(paths)
  await sweepTemporary(paths, swept)
  return swept
}

async function sweepBlobs(paths: StorePaths, kept: ReadonlySet<string>, swept: Swept): Promise<void> {
  for (const name of await readdir(paths.blobs)) {
    if (kept.has(name)) continue
    const path = join(paths.blobs, name)
    swept.bytes += (await stat(path)).size
    await rm(path, { recursive: true, force: true })
    swept.blobs.push(name)
  }
}

async function sweepLayers(paths: StorePaths, kept: ReadonlySet<string>, swept: Swept): Promise<void> {
  for (const name of await readdir(paths.layers)) {
    if (name === 'l' || kept.has(name)) continue
    // First out of sight, in one step: a layer is never seen half removed.
    await rename(join(paths.layers, name), join(paths.tmp, `removed-${randomName()}`))
    swept.layers.push(name)
  }
}

/** Links whose layer is gone, or never came because the unpacking was killed. */
async function sweepLinks(paths: StorePaths): Promise<void> {
  for (const name of await readdir(paths.links)) {
    const path = join(paths.links, name)
    const alive = await stat(join(paths.links, readlinkSync(path))).catch(() => undefined)
    if (alive === undefined) await unlink(path)
  }
}

async function sweepTemporary(paths: StorePaths, swept: Swept): Promise<void> {
  for (const name of await readdir(paths.tmp)) {
    if (name.startsWith('download-') && (await isFresh(join(paths.tmp, name)))) continue
    await removeAll(paths.tmp, name)
    if (/^(blob|layer|download)-/.test(name)) swept.temporary++
  }
  for (const name of await readdir(paths.root)) {
    if (!/^\.(index\.json|oci-layout)\..*\.tmp$/.test(name)) continue
    await rm(join(paths.root, name), { force: true })
    swept.temporary++
  }
}

/** A pull that was cut off may go on: see downloads.ts. */
const DOWNLOADS_KEPT_MS = 24 * 3600_000

async function isFresh(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs < DOWNLOADS_KEPT_MS
}
