/** The media types of what a manifest points at: the OCI's, and docker's older ones for the same things. */
import { UserError } from '@mini-docker/syscall'
import type { Compression } from './compression.ts'
import type { Descriptor } from './schema.ts'

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json'
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar'
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json'
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json'
const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar'

const LAYERS = new Set([
  OCI_LAYER,
  `${OCI_LAYER}+gzip`,
  `${OCI_LAYER}+zstd`,
  DOCKER_LAYER,
  `${DOCKER_LAYER}.gzip`,
  `${DOCKER_LAYER}.zstd`,
])

export function isIndex(mediaType: string): boolean {
  return mediaType === OCI_INDEX || mediaType === DOCKER_LIST
}

export function isManifest(mediaType: string): boolean {
  return mediaType === OCI_MANIFEST || mediaType === DOCKER_MANIFEST
}

/** Whether a config is an image's; artifacts have others. */
export function isImageConfig(mediaType: string): boolean {
  return mediaType === OCI_CONFIG || mediaType === DOCKER_CONFIG
}

/** Refuses configs that are no image: Helm charts, signatures, attestations and other OCI artifacts. */
export function requireImageConfig({ mediaType, digest }: Descriptor): void {
  if (isImageConfig(mediaType)) return
  throw new UserError('invalid', `config ${digest} has the media type ${mediaType}, which is not an image's`, {
    hint: 'an OCI artifact that is no image cannot be run',
  })
}

/** Refuses layers that are no plain tar: encrypted ones, and foreign ones that live elsewhere. */
export function requireLayer({ mediaType, digest }: Descriptor): void {
  if (LAYERS.has(mediaType)) return
  throw new UserError('not-built', `layer ${digest} has the media type ${mediaType}, which is not supported`, {
    hint: 'supported are tar layers: plain, gzip and zstd',
  })
}

export function layerMediaType(compression: Compression): string {
  return compression === 'none' ? OCI_LAYER : `${OCI_LAYER}+${compression}`
}

/** The OCI's name for a layer of an image that has docker's: the bytes are the same. */
export function ociLayerType(mediaType: string): string {
  return mediaType.startsWith(DOCKER_LAYER)
    ? mediaType.replace(DOCKER_LAYER, OCI_LAYER).replace('.tar.', '.tar+')
    : mediaType
}

/** Whether a layer is a bare tar. */
export function isPlainLayer(mediaType: string): boolean {
  return mediaType === OCI_LAYER || mediaType === DOCKER_LAYER
}

/** The media type of a plain layer once it is compressed: `…tar+gzip` for the OCI, `…tar.gzip` for docker. */
export function compressedMediaType(plain: string, how: Exclude<Compression, 'none'>): string {
  return `${plain}${plain === DOCKER_LAYER ? '.' : '+'}${how}`
}

/** The OCI's word for what docker calls otherwise; all others stay. */
export function ociMediaType(mediaType: string): string {
  if (mediaType === DOCKER_CONFIG) return OCI_CONFIG
  if (mediaType === DOCKER_MANIFEST) return OCI_MANIFEST
  return mediaType.startsWith(DOCKER_LAYER)
    ? mediaType.replace(DOCKER_LAYER, OCI_LAYER).replace('.tar.', '.tar+')
    : mediaType
}
