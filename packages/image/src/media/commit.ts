/** `docker commit`: what a container changed becomes a layer on top of its image. */
import { Buffer } from 'node:buffer'
import { digestOf, parseDiffID } from '../digest.ts'
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, ociLayerType } from '../media-type.ts'
import type { Reference } from '../reference.ts'
import type { Descriptor, HistoryEntry, ImageConfig, Manifest, RunConfig } from '../schema.ts'
import type { Image } from '../store/image.ts'
import type { ImageStore } from '../store/store.ts'
import { storeJSON } from './create.ts'

export type NewCommit = {
  parent: Image
  /** The changes: an uncompressed tar with whiteouts. Without entries the image gets no layer, only a line in its history. */
  layer: AsyncIterable<Uint8Array>
  config: RunConfig
  author?: string
  history: HistoryEntry
  /** RFC 3339 */
  created: string
  names: Reference[]
}

/** Needs root, to unpack the layer. @throws UserError when the disk is full or the layer cannot be read; the store is then as it was. */
export async function commitImage(store: ImageStore, commit: NewCommit): Promise<Image> {
  try {
    return await store.adding(() => create(store, commit))
  } catch (error) {
    await store.collectIfIdle()
    throw error
  }
}

async function create(store: ImageStore, { parent, layer, ...commit }: NewCommit): Promise<Image> {
  const stored = await store.ingestBlob(layer)
  const isEmpty = stored.digest === EMPTY_TAR
  const added = isEmpty ? [] : [stored]
  const { config: _config, rootfs, history, author: formerAuthor, created: _created, ...rest } = parent.config
  const author = commit.author || formerAuthor
  const config = await storeJSON(store, {
    ...withoutContainer(rest),
    ...(author ? { author } : {}),
    created: commit.created,
    config: commit.config,
    // Not compressed, so digest and diffID are the same bytes' hash.
    rootfs: { type: 'layers', diff_ids: [...rootfs.diff_ids, ...added.map(({ digest }) => parseDiffID(digest))] },
    history: [...history, { ...commit.history, ...(isEmpty ? { empty_layer: true } : {}) }],
  })
  const below = parent.layers.map(({ digest, size, mediaType }): Descriptor => ({
    mediaType: ociLayerType(mediaType),
    digest,
    size,
  }))
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, ...config },
    layers: [...below, ...added.map((one) => ({ mediaType: OCI_LAYER, ...one }))],
  }
  const descriptor = { mediaType: OCI_MANIFEST, ...(await storeJSON(store, manifest)) }
  await store.layers.unpack(store.read(descriptor).layers)
  return await store.add(descriptor, commit.names)
}

/** An archive without entries: two blocks of zeros. */
const EMPTY_TAR = digestOf(Buffer.alloc(1024))

/** What docker wrote into the parent about the container that the parent was made from. */
function withoutContainer(config: Partial<ImageConfig>): Partial<ImageConfig> {
  const { container: _id, container_config: _config, ...rest } = config
  return rest
}
