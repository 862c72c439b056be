/**
 * The archive of `docker save` before docker 25: `manifest.json` names a config and layers by their paths in the archive.
 *
 *   manifest.json                 [{Config: "<hex>.json", RepoTags: ["app:1"], Layers: ["<id>/layer.tar", …]}]
 *   <hex>.json                    the config; its digest is the image ID
 *   <id>/layer.tar                a layer, or a symlink to another one's: ../<id>/layer.tar
 *
 * There is no manifest in the registry's sense. This makes one, always the same for the same archive.
 */
import { UserError } from '@mini-docker/syscall'
import { MAGIC_BYTES, peek, sniff } from '../compression.ts'
import { digestOf } from '../digest.ts'
import { parseJSON } from '../json.ts'
import { layerMediaType, OCI_CONFIG, OCI_MANIFEST } from '../media-type.ts'
import { parseReference } from '../reference.ts'
import { ArchiveManifest, ImageConfig, type Descriptor, type Manifest } from '../schema.ts'
import { pairLayers } from '../store/image.ts'
import type { Incoming } from './load.ts'
import type { Held, Spool } from './spool.ts'

/** `manifest.json`, or undefined where the archive has none. */
export function readArchiveManifest(spool: Spool): ArchiveManifest | undefined {
  const held = spool.file('manifest.json')
  return (
    held &&
    parseJSON('manifest.json of the archive', spool.bytes('manifest.json of the archive', held), ArchiveManifest)
  )
}

/** The images of `manifest.json`. @throws UserError when a file it names is missing or is not what it should be. */
export async function readDockerArchive(spool: Spool, manifest: ArchiveManifest): Promise<Incoming[]> {
  const images: Incoming[] = []
  for (const item of manifest) images.push(await readItem(spool, item))
  return images
}

async function readItem(spool: Spool, item: ArchiveManifest[number]): Promise<Incoming> {
  const configFile = require(spool, 'config', item.Config)
  const config = parseJSON(`config ${item.Config}`, spool.bytes(`config ${item.Config}`, configFile), ImageConfig)
  const layerFiles = item.Layers.map((path) => require(spool, 'layer', path))
  const layers = await Promise.all(layerFiles.map((held) => describeLayer(spool, held)))
  const { digest, size } = configFile
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, digest, size },
    layers,
  }
  const bytes = Buffer.from(JSON.stringify(manifest))
  return {
    descriptor: { mediaType: OCI_MANIFEST, digest: digestOf(bytes), size: bytes.length },
    manifest: bytes,
    files: [...layerFiles, configFile],
    layers: pairLayers(item.RepoTags[0] ?? item.Config, manifest, config),
    names: item.RepoTags.map((tag) => parseReference(tag)),
  }
}

async function describeLayer(spool: Spool, held: Held): Promise<Descriptor> {
  const { head, cancel } = await peek(spool.stream(held), MAGIC_BYTES)
  await cancel()
  return { mediaType: layerMediaType(sniff(`layer ${held.path}`, head)), digest: held.digest, size: held.size }
}

function require(spool: Spool, what: string, path: string): Held {
  const held = spool.file(path)
  if (held !== undefined) return held
  throw new UserError('invalid', `the archive lacks the ${what} "${path}" that its manifest.json names`, {
    hint: 'it is incomplete: make it again',
  })
}
