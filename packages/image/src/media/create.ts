/** A new image of one layer: what `import` and the demo have in common. */
import { digestOf, parseDiffID } from '../digest.ts'
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '../media-type.ts'
import type { Reference } from '../reference.ts'
import type { HistoryEntry, Manifest, Platform, RunConfig } from '../schema.ts'
import type { Image } from '../store/image.ts'
import type { ImageStore } from '../store/store.ts'
import { readTar } from '../tar/index.ts'

export type NewImage = {
  /** The root filesystem: an uncompressed tar. */
  layer: AsyncIterable<Uint8Array>
  config: RunConfig
  /** RFC 3339 */
  created: string
  history: HistoryEntry[]
  platform: Platform
  names: Reference[]
  /** false: only check that the layer is a tar, which needs no root. */
  unpack: boolean
}

/** @throws UserError when the layer is no tar or a hostile one; the store is then as it was. */
export async function createImage(store: ImageStore, image: NewImage): Promise<Image> {
  try {
    return await store.adding(() => create(store, image))
  } catch (error) {
    await store.collectIfIdle()
    throw error
  }
}

async function create(store: ImageStore, { layer, platform, ...image }: NewImage): Promise<Image> {
  const stored = await store.ingestBlob(layer)
  const config = await storeJSON(store, {
    created: image.created,
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.variant !== undefined && { variant: platform.variant }),
    config: image.config,
    // Not compressed, so digest and diffID are the same bytes' hash.
    rootfs: { type: 'layers', diff_ids: [parseDiffID(stored.digest)] },
    history: image.history,
  })
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, ...config },
    layers: [{ mediaType: OCI_LAYER, ...stored }],
  }
  const descriptor = { mediaType: OCI_MANIFEST, ...(await storeJSON(store, manifest)) }
  const { layers } = store.read(descriptor)
  if (image.unpack) await store.layers.unpack(layers)
  else for await (const _ of readTar(store.blobs.stream(stored.digest))) continue
  return await store.add(descriptor, image.names)
}

/** A document as a blob of the store: its digest and size. */
export async function storeJSON(store: ImageStore, value: unknown) {
  const bytes = Buffer.from(JSON.stringify(value))
  return await store.ingestBlob(bytes, { digest: digestOf(bytes), size: bytes.length })
}
