/** An image: what a manifest and its config say together, checked against each other once, here. */
import { UserError } from '@mini-docker/syscall'
import { chainIDs, parseDiffID, type ChainID, type DiffID, type Digest, type ImageID } from '../digest.ts'
import { parseJSON } from '../json.ts'
import { isIndex, isManifest, requireImageConfig, requireLayer } from '../media-type.ts'
import { candidates, formatPlatform, matchesPlatform } from '../platform.ts'
import { ImageConfig, Index, Manifest, type Descriptor, type Platform } from '../schema.ts'

/** One layer of an image, bottom first in `Image.layers`. */
export type Layer = {
  /** Of the blob, as stored: maybe compressed. */
  digest: Digest
  /** Of the uncompressed tar. */
  diffID: DiffID
  /** Names the unpacked tree on top of the layers below. */
  chainID: ChainID
  /** Bytes of the blob. */
  size: number
  mediaType: string
}

/** Everything about an image that its bytes decide: never changes. */
export type ImageContent = {
  id: ImageID
  config: ImageConfig
  manifestDigest: Digest
  manifestMediaType: string
  manifestSize: number
  layers: Layer[]
}

export type Image = ImageContent & {
  /** Docker's RepoTags: familiar names with a tag, sorted. Empty for a dangling image. */
  names: string[]
  /** Docker's RepoDigests: familiar names with a digest. */
  repoDigests: string[]
  /** RFC 3339, from the config. */
  created: string | undefined
  /** Bytes of the unpacked layers, or of their blobs where a layer is not unpacked yet. */
  sizeBytes: number
}

/** Where blobs come from: a store, or an archive being read. @throws UserError when a blob is missing or corrupt. */
export type ReadBlob = (what: string, descriptor: Descriptor) => Uint8Array

/** Indexes in indexes: real ones are two deep. */
export const INDEX_DEPTH_MAX = 8

/**
 * Follows a descriptor to an image. Where it leads to an index, the image for `platform` is taken.
 * @throws UserError `not-found` when there is none for that platform, `invalid` for anything malformed.
 */
export function readImage(read: ReadBlob, descriptor: Descriptor, platform: Platform): ImageContent {
  return readManifest(read, chooseManifest(read, descriptor, platform))
}

/** The manifest that a descriptor leads to: itself, or of an index the one for `platform`. @throws UserError `not-found` */
export function chooseManifest(read: ReadBlob, descriptor: Descriptor, platform: Platform): Descriptor {
  const manifest = findManifest(read, descriptor, platform, 0)
  if (manifest !== undefined) return manifest
  throw new UserError(
    'not-found',
    `no matching manifest for ${formatPlatform(platform)} in the manifest list entries`,
    { hint: `it has: ${offered(read, descriptor).join(', ') || 'nothing'}` },
  )
}

/** Undefined where nothing below this descriptor fits the platform. */
function findManifest(
  read: ReadBlob,
  descriptor: Descriptor,
  platform: Platform,
  depth: number,
): Descriptor | undefined {
  const { mediaType, digest } = descriptor
  if (isManifest(mediaType)) return descriptor
  if (!isIndex(mediaType)) {
    throw new UserError('invalid', `manifest ${digest} has the unknown media type ${mediaType}`)
  }
  if (depth === INDEX_DEPTH_MAX) {
    throw new UserError('invalid', `index ${digest} lies more than ${INDEX_DEPTH_MAX} indexes deep`)
  }
  const index = requireOneType(descriptor, parseJSON(`index ${digest}`, read('index', descriptor), Index))
  for (const candidate of candidates(platform, index.manifests)) {
    const found = findManifest(read, candidate, platform, depth + 1)
    if (found === undefined) continue
    if (candidate.platform || isIndex(candidate.mediaType)) return found
    if (matchesPlatform(platform, { ...readManifest(read, found).config, variant: undefined })) return found
  }
  return undefined
}

function readManifest(read: ReadBlob, descriptor: Descriptor): ImageContent {
  const { digest } = descriptor
  const manifest = requireOneType(descriptor, parseJSON(`manifest ${digest}`, read('manifest', descriptor), Manifest))
  requireImageConfig(manifest.config)
  manifest.layers.forEach(requireLayer)
  const config = parseJSON(`config ${manifest.config.digest}`, read('config', manifest.config), ImageConfig)
  return {
    id: manifest.config.digest,
    config,
    manifestDigest: digest,
    manifestMediaType: descriptor.mediaType,
    manifestSize: descriptor.size,
    layers: pairLayers(digest, manifest, config),
  }
}

/** Refuses a document that claims two types at once: it could be a manifest here and an index elsewhere (CVE-2021-41190). */
export function requireOneType<T extends { mediaType?: string | undefined }>(
  { mediaType, digest }: Descriptor,
  document: T,
): T {
  const foreign = isIndex(mediaType) ? ['config', 'layers'] : ['manifests']
  const lies = document.mediaType !== undefined && document.mediaType !== mediaType
  if (!lies && !foreign.some((field) => field in document)) return document
  throw new UserError('invalid', `manifest ${digest} is not the ${mediaType} it is said to be`)
}

/** A config that lists other layers than the manifest would let one tree pass for another. */
export function pairLayers(what: string, { layers }: Pick<Manifest, 'layers'>, config: ImageConfig): Layer[] {
  const diffIDs = config.rootfs.diff_ids
  if (diffIDs.length !== layers.length) {
    throw new UserError('invalid', `image ${what} has ${layers.length} layers, its config lists ${diffIDs.length}`)
  }
  const chains = chainIDs(diffIDs)
  return layers.map(({ digest, size, mediaType }, i) => {
    return { digest, size, mediaType, diffID: parseDiffID(diffIDs[i] as string), chainID: chains[i] as ChainID }
  })
}

function offered(read: ReadBlob, descriptor: Descriptor): string[] {
  const { manifests } = parseJSON(`index ${descriptor.digest}`, read('index', descriptor), Index)
  return manifests.flatMap(({ platform }) => (platform ? [formatPlatform(platform)] : []))
}
