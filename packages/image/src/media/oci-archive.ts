/**
 * An OCI image layout in a tar: what `docker save` writes since docker 25, beside its older `manifest.json`, and what skopeo,
 * podman, buildkit and umoci write. `index.json` leads to manifests by digest. See image-spec, image-layout.md.
 */
import { parseJSON } from '../json.ts'
import { matchesPlatform } from '../platform.ts'
import { formatReference, parseReference, type Reference } from '../reference.ts'
import { Index, type ArchiveManifest, type Descriptor, type Platform } from '../schema.ts'
import { requireExpected } from '../store/blob-writer.ts'
import { readImage, type ReadBlob } from '../store/image.ts'
import { nameOf } from '../store/names.ts'
import type { Incoming } from './load.ts'
import type { Held, Spool } from './spool.ts'

/**
 * The images of an OCI layout, one for each name; of several platforms, the one asked for. `also` is the `manifest.json` of an
 * archive that is both: it may know more names.
 */
export function readOciArchive(spool: Spool, indexFile: Held, also: ArchiveManifest, platform: Platform): Incoming[] {
  const index = parseJSON('index.json of the archive', spool.bytes('index.json of the archive', indexFile), Index)
  const images = new Map<string, Incoming>()
  for (const descriptor of choose(index.manifests, platform)) {
    const image = readOne(spool, descriptor, also, platform)
    const known = images.get(image.descriptor.digest)
    if (known === undefined) images.set(image.descriptor.digest, image)
    else known.names.push(...image.names)
  }
  return [...images.values()]
}

function readOne(spool: Spool, descriptor: Descriptor, also: ArchiveManifest, platform: Platform): Incoming {
  const read: ReadBlob = (what, { digest, size }) => {
    const held = spool.blob(what, digest)
    requireExpected(held, { digest, size })
    return spool.bytes(`${what} ${digest}`, held)
  }
  const content = readImage(read, descriptor, platform)
  const layers = content.layers.map(({ digest, size }) => {
    const held = spool.blob('layer', digest)
    requireExpected(held, { digest, size })
    return held
  })
  const config = spool.blob('config', content.id)
  const manifest = spool.blob('manifest', content.manifestDigest)
  const own = nameOf(descriptor, 'tag')
  return {
    descriptor: {
      mediaType: content.manifestMediaType,
      digest: manifest.digest,
      size: manifest.size,
    },
    files: [...layers, config, manifest],
    layers: content.layers,
    names: [...(own === undefined ? [] : [own]), ...namesOf(spool, also, config)],
  }
}

/** The RepoTags of the entries with this config. */
function namesOf(spool: Spool, also: ArchiveManifest, config: Held): Reference[] {
  const entries = also.filter(({ Config }) => spool.file(Config)?.digest === config.digest)
  return entries.flatMap(({ RepoTags }) => RepoTags).map((tag) => parseReference(tag))
}

/**
 * Of descriptors with one name, the first for the platform. Those without a name are images each. What is for another platform
 * only is taken all the same: it was asked for by loading it.
 */
function choose(manifests: readonly Descriptor[], platform: Platform): Descriptor[] {
  const images = manifests.filter((one) => !isAttestation(one))
  return [...Map.groupBy(images, (one) => nameKey(one)).entries()].flatMap(([name, group]) => {
    const fitting = group.filter((one) => !one.platform || matchesPlatform(platform, one.platform))
    const chosen = fitting.length > 0 ? fitting : group
    return name === '' ? chosen : chosen.slice(0, 1)
  })
}

function nameKey(descriptor: Descriptor): string {
  const name = nameOf(descriptor, 'tag')
  return name === undefined ? '' : formatReference(name)
}

/** Buildkit's provenance and signatures lie beside the images they speak of. */
function isAttestation({ platform, annotations }: Descriptor): boolean {
  return platform?.os === 'unknown' || annotations?.['vnd.docker.reference.type'] !== undefined
}
