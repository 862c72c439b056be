/**
 * `docker save`: images as one tar that is two formats at once, as docker writes it since version 25. Readers of an OCI layout
 * find `index.json`, docker and skopeo's `docker-archive:` find `manifest.json`; both point at the same blobs. The blobs are the
 * store's own, so an image keeps its digests on the way. Equal images give equal bytes.
 *
 *   oci-layout  index.json  manifest.json  blobs/sha256/<hex>…
 */
import { UserError } from '@mini-docker/syscall'
import { hexOf, Sha256, type Digest } from '../digest.ts'
import { OCI_INDEX } from '../media-type.ts'
import { familiarRepository, parseName, parseReference, type Reference } from '../reference.ts'
import type { ArchiveManifest, Descriptor } from '../schema.ts'
import type { Image } from '../store/image.ts'
import { withName } from '../store/names.ts'
import type { ImageStore } from '../store/store.ts'
import { tarHeader, writeTar, type TarSource } from '../tar/index.ts'

/** An image and the names that it is saved under. */
type Saved = { image: Image; names: string[] }

/**
 * The archive of some images. A name saves that name; a bare repository all its tags; an ID the image without a name.
 * @throws UserError `not-found` at once, `invalid` while streaming when a blob is corrupt.
 */
export function saveArchive(store: ImageStore, texts: readonly string[]): AsyncGenerator<Uint8Array> {
  return write(store, choose(store, texts))
}

async function* write(store: ImageStore, images: readonly Saved[]): AsyncGenerator<Uint8Array> {
  await using _lock = await store.holdBlobs()
  yield* writeTar(entries(store, images))
}

function* entries(store: ImageStore, images: readonly Saved[]): Generator<TarSource> {
  yield json('oci-layout', { imageLayoutVersion: '1.0.0' })
  yield json('index.json', { schemaVersion: 2, mediaType: OCI_INDEX, manifests: images.flatMap(descriptors) })
  yield json('manifest.json', images.map(archiveItem))
  yield tarHeader({ type: 'directory', path: 'blobs' })
  yield tarHeader({ type: 'directory', path: 'blobs/sha256' })
  const seen = new Set<Digest>()
  for (const { image } of images) {
    const { manifestDigest, id, layers } = image
    for (const digest of [manifestDigest, id, ...layers.map((layer) => layer.digest)]) {
      if (!seen.has(digest)) yield blob(store, digest)
      seen.add(digest)
    }
  }
}

function descriptors({ image, names }: Saved): Descriptor[] {
  const { manifestDigest, manifestMediaType, manifestSize, config } = image
  const { os, architecture, variant } = config
  const descriptor: Descriptor = {
    mediaType: manifestMediaType,
    digest: manifestDigest,
    size: manifestSize,
    platform: { architecture, os, ...(variant ? { variant } : {}) },
  }
  return names.length === 0 ? [descriptor] : names.map((name) => withName(descriptor, parseReference(name)))
}

function archiveItem({ image, names }: Saved): Record<keyof ArchiveManifest[number], unknown> {
  return {
    Config: blobPath(image.id),
    RepoTags: names.length === 0 ? null : names,
    Layers: image.layers.map(({ digest }) => blobPath(digest)),
  }
}

function blobPath(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`
}

function json(path: string, value: unknown): TarSource {
  const bytes = Buffer.from(JSON.stringify(value))
  return { ...tarHeader({ type: 'file', path, size: bytes.length }), data: [bytes] }
}

function blob(store: ImageStore, digest: Digest): TarSource {
  const size = store.blobs.size(digest)
  if (size === undefined)
    throw new UserError('not-found', `blob ${digest} is missing in the store`, { hint: 'see: image verify' })
  return {
    ...tarHeader({ type: 'file', path: blobPath(digest), size }),
    data: checked(store.blobs.stream(digest), digest),
  }
}

/** What is handed on must be what its name says: the error stands in the stream, before its end. */
async function* checked(input: AsyncIterable<Uint8Array>, digest: Digest): AsyncGenerator<Uint8Array> {
  const hash = new Sha256()
  for await (const chunk of input) {
    hash.update(chunk)
    yield chunk
  }
  const actual = hash.digest()
  if (actual !== digest) {
    throw new UserError('invalid', `blob ${digest} is corrupt on the disk: it has the digest ${actual}`, {
      hint: 'see: image verify',
    })
  }
}

/** Each image once, in the order asked for, with all names it was asked for by. */
function choose(store: ImageStore, texts: readonly string[]): Saved[] {
  const saved = new Map<Digest, Saved>()
  for (const { image, names } of texts.flatMap((text) => select(store, text))) {
    const known = saved.get(image.id)?.names ?? []
    saved.set(image.id, { image, names: [...new Set([...known, ...names])] })
  }
  return [...saved.values()]
}

function select(store: ImageStore, text: string): Saved[] {
  const repository = bareRepository(text)
  if (repository !== undefined) {
    const prefix = `${familiarRepository(repository)}:`
    const tagged = store
      .list()
      .map((image) => ({ image, names: image.names.filter((name) => name.startsWith(prefix)) }))
    const found = tagged.filter(({ names }) => names.length > 0)
    if (found.length > 0) return found
  }
  const { image, by } = store.find(text)
  return [{ image, names: by === 'id' ? [] : image.names.filter((name) => sameName(name, by)) }]
}

function sameName(name: string, reference: Reference): boolean {
  const { domain, path, tag } = parseReference(name)
  return domain === reference.domain && path === reference.path && tag === reference.tag
}

function bareRepository(text: string): Reference | undefined {
  try {
    const name = parseName(text)
    return name.tag === undefined && name.digest === undefined ? name : undefined
  } catch {
    return undefined
  }
}
