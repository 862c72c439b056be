/**
 * `docker load`: an archive becomes images. Nothing gets a name before everything is in the store and proven: each blob has its
 * digest, each layer its diffID. Unpacking is that proof for layers, so by default layers are unpacked now: one decompression
 * instead of two, hostile layers are found here and not at the first `run`, and that `run` is fast.
 */
import { UserError } from '@mini-docker/syscall'
import { decompress } from '../compression.ts'
import type { ImageID } from '../digest.ts'
import { hostPlatform } from '../platform.ts'
import { familiarReference, formatReference, type Reference } from '../reference.ts'
import type { Descriptor, Platform } from '../schema.ts'
import type { Image, Layer } from '../store/image.ts'
import type { OpenLayer } from '../store/layers.ts'
import type { ImageStore } from '../store/store.ts'
import { readArchiveManifest, readDockerArchive } from './docker-archive.ts'
import { readOciArchive } from './oci-archive.ts'
import { Spool, type Held } from './spool.ts'

export type LoadOptions = {
  /** Which image of a multi-platform index; this machine's by default. */
  platform?: Platform
  /** false: only check the layers, which needs no root. Default true. */
  unpack?: boolean
}

export type Loaded = {
  image: Image
  /** The names it came with, familiar; may be none. */
  names: string[]
  /** Images that had one of these names before and lost it. */
  replaced: { name: string; id: ImageID }[]
}

/** An image of an archive, read and checked but not stored yet. */
export type Incoming = {
  descriptor: Descriptor
  /** The manifest's bytes, where the archive has none of its own. */
  manifest?: Buffer
  /** What must become blobs. */
  files: Held[]
  layers: Layer[]
  names: Reference[]
}

/**
 * Loads all images of an archive: docker's (old and new) or an OCI layout, plain or compressed with gzip or zstd. Reads the stream
 * once; memory stays bounded. Needs root unless `unpack` is false.
 * @throws UserError `invalid` for anything corrupt, incomplete or hostile; the store is then as it was.
 */
export async function loadArchive(
  store: ImageStore,
  stream: AsyncIterable<Uint8Array>,
  options: LoadOptions = {},
): Promise<Loaded[]> {
  try {
    return await store.adding(() => load(store, stream, options))
  } catch (error) {
    await store.collectIfIdle()
    throw error
  }
}

/** What docker prints of a load, a line each. */
export function describeLoaded({ image, names, replaced }: Loaded): string[] {
  return [
    ...replaced.map(
      ({ name, id }) => `The image ${name} already exists, renaming the old one with ID ${id} to empty string`,
    ),
    ...(names.length > 0 ? names.map((name) => `Loaded image: ${name}`) : [`Loaded image ID: ${image.id}`]),
  ]
}

async function load(
  store: ImageStore,
  stream: AsyncIterable<Uint8Array>,
  { platform = hostPlatform(), unpack = true }: LoadOptions,
): Promise<Loaded[]> {
  await using spool = await Spool.read(store, decompress('the archive', stream))
  const incoming = await readImages(spool, platform)
  // While layers are unpacked from where they were put aside, the disk writes them out.
  const open: OpenLayer = ({ digest }) => spool.stream(spool.blob('layer', digest))
  for (const { layers } of incoming) {
    if (unpack) await store.layers.unpack(layers, open)
    await store.layers.verify(layers, open)
  }
  for (const { files, manifest } of incoming) {
    for (const file of files) await spool.commit(file)
    if (manifest !== undefined) await store.ingestBlob(manifest)
  }
  const loaded: Loaded[] = []
  for (const image of incoming) loaded.push(await giveNames(store, image))
  return loaded
}

async function readImages(spool: Spool, platform: Platform): Promise<Incoming[]> {
  const manifest = readArchiveManifest(spool)
  const index = spool.file('index.json')
  if (index !== undefined && spool.file('oci-layout') !== undefined) {
    return readOciArchive(spool, index, manifest ?? [], platform)
  }
  if (manifest !== undefined) return await readDockerArchive(spool, manifest)
  if (spool.file('repositories') !== undefined) {
    throw new UserError('not-built', 'the archive is of docker older than 1.10', {
      hint: 'load and save it once with a newer docker',
    })
  }
  throw new UserError('invalid', 'this is no image archive: it has neither manifest.json nor index.json', {
    hint: 'a root filesystem becomes an image with: import',
  })
}

async function giveNames(store: ImageStore, { descriptor, names }: Incoming): Promise<Loaded> {
  const unique = [...new Map(names.map((one) => [formatReference(one), one])).values()]
  const familiar = unique.map(familiarReference)
  const before = familiar.map((one) => ({ name: one, id: store.resolve(one)?.id }))
  const image = await store.add(descriptor, unique)
  const replaced = before.flatMap(({ name: one, id }) =>
    id === undefined || id === image.id ? [] : [{ name: one, id }],
  )
  return { image, names: familiar, replaced }
}
