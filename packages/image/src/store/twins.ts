/**
 * Images of docker's schema 2 in a layout for everybody. Their manifests must stay as they are, since their digest is their name
 * in registries; but skopeo and umoci look for OCI manifests only, and would not find them. So each tag of such an image has two
 * descriptors in `index.json`:
 *
 *   docker's manifest    io.containerd.image.name                         what this store reads and pushes
 *   its twin             org.opencontainers.image.ref.name, TWIN_OF       the same config and layers as an OCI manifest
 *
 * Twins are made whenever the list is written, and left out whenever it is read. All of it is pure.
 */
import { UserError } from '@mini-docker/syscall'
import { digestOf } from '../digest.ts'
import { parseJSON } from '../json.ts'
import { DOCKER_MANIFEST, OCI_MANIFEST, ociMediaType } from '../media-type.ts'
import { familiarReference } from '../reference.ts'
import { Manifest, type Descriptor } from '../schema.ts'
import type { ReadBlob } from './image.ts'
import { nameOf, REF_NAME, withName } from './names.ts'

/** The digest of docker's manifest that a twin stands beside. */
export const TWIN_OF = 'org.mini-docker.twin-of'

/** The list without twins. A name whose twin another program has replaced is not that image's any more. */
export function withoutTwins(manifests: readonly Descriptor[]): Descriptor[] {
  const twins = manifests.filter(isTwin)
  const claims = new Set(twins.map((twin) => `${twin.annotations?.[TWIN_OF]} ${twin.annotations?.[REF_NAME]}`))
  return manifests.flatMap((one) => {
    if (isTwin(one)) return []
    const name = isTwinned(one) ? nameOf(one) : undefined
    if (name === undefined || one.annotations?.[REF_NAME] !== undefined) return [one]
    const familiar = familiarReference(name)
    // Annotated as when no twin is needed: nobody outside this file sees the difference.
    return [withName(one, claims.has(`${one.digest} ${familiar}`) ? name : undefined)]
  })
}

export type Twin = { descriptor: Descriptor; bytes: Buffer }

/** The list with a twin for each tag of a docker manifest, and the twins' bytes. */
export function withTwins(
  manifests: readonly Descriptor[],
  read: ReadBlob,
): { manifests: Descriptor[]; twins: Twin[] } {
  const made = new Map<string, Twin>()
  const list = manifests.map((one) => {
    const twin = isTwinned(one) ? twinOf(one, read) : undefined
    if (twin === undefined) return one
    made.set(`${twin.descriptor.digest} ${twin.descriptor.annotations?.[REF_NAME]}`, twin)
    const { [REF_NAME]: _, ...annotations } = one.annotations ?? {}
    return { ...one, annotations }
  })
  const twins = [...made.values()]
  return { manifests: [...list, ...twins.map(({ descriptor }) => descriptor)], twins }
}

/** A tag of a docker manifest; names by digest are for this store only. */
function isTwinned(descriptor: Descriptor): boolean {
  return descriptor.mediaType === DOCKER_MANIFEST && nameOf(descriptor)?.tag !== undefined
}

function isTwin({ annotations }: Descriptor): boolean {
  return annotations?.[TWIN_OF] !== undefined
}

/** Undefined for a manifest that is damaged: `verify` tells. */
function twinOf(descriptor: Descriptor, read: ReadBlob): Twin | undefined {
  const name = nameOf(descriptor)
  const manifest = tryManifest(descriptor, read)
  if (name === undefined || manifest === undefined) return undefined
  const oci = (one: Descriptor): Descriptor => ({ ...one, mediaType: ociMediaType(one.mediaType) })
  const { config, layers, ...rest } = manifest
  const twin = { ...rest, mediaType: OCI_MANIFEST, config: oci(config), layers: layers.map(oci) }
  const bytes = Buffer.from(JSON.stringify(twin))
  const annotations = { [REF_NAME]: familiarReference(name), [TWIN_OF]: descriptor.digest }
  return { descriptor: { mediaType: OCI_MANIFEST, digest: digestOf(bytes), size: bytes.length, annotations }, bytes }
}

function tryManifest(descriptor: Descriptor, read: ReadBlob): Manifest | undefined {
  try {
    return parseJSON(`manifest ${descriptor.digest}`, read('manifest', descriptor), Manifest)
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}
