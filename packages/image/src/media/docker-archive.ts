/**
 * The archive of `docker save` before docker 25: `manifest.json` names a config and layers by their paths in the archive.
 *
 *   manifest.json                 [{Config: "<hex>.json", RepoTags: ["app:1"], Layers: ["<id>/layer.tar", …]}]
 *   <hex>.json                    the config; its digest is the image ID
 *   <id>/layer.tar                a layer, or a symlink to another one's: ../<id>/layer.tar
 *
 * There is no manifest in the registry's sense. This makes one, always the same for the same archive.
 */
import { MAGIC_BYTES, peek, sniff } from '../compression.ts'
import { digestOf, type Digest } from '../digest.ts'
import { parseJSON } from '../json.ts'
import { layerMediaType, OCI_CONFIG, OCI_MANIFEST } from '../media-type.ts'
import { ArchiveManifest, type Descriptor, type Manifest } from '../schema.ts'
import type { ArchiveFiles } from './archive-files.ts'

export type ArchiveItem = ArchiveManifest[number]

/** `manifest.json`; empty where the archive has none. */
export async function readArchiveManifest(files: ArchiveFiles): Promise<ArchiveManifest> {
  if (!files.has('manifest.json')) return []
  const what = 'manifest.json of the archive'
  return parseJSON(what, await files.document(what, 'manifest.json'), ArchiveManifest)
}

/** The digest of an item's config: the image ID. @throws UserError `invalid` when the archive lacks it. */
export async function configOf(
  files: ArchiveFiles,
  { Config }: ArchiveItem,
): Promise<{ digest: Digest; size: number }> {
  return await files.identify(`the config "${Config}" that its manifest.json names`, Config)
}

/** An image as `manifest.json` has it: with a manifest made for it, and where its blobs lie in the archive. */
export type MadeImage = { descriptor: Descriptor; manifest: Buffer; paths: Map<Digest, string> }

/** @throws UserError when a file that the item names is missing. Whether they fit together is not looked at. */
export async function makeImage(files: ArchiveFiles, item: ArchiveItem): Promise<MadeImage> {
  const config = { mediaType: OCI_CONFIG, ...(await configOf(files, item)) }
  const paths = new Map([[config.digest, item.Config]])
  const layers: Descriptor[] = []
  for (const path of item.Layers) {
    const layer = await describeLayer(files, path)
    layers.push(layer)
    paths.set(layer.digest, path)
  }
  const document: Manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers }
  const manifest = Buffer.from(JSON.stringify(document))
  return {
    descriptor: { mediaType: OCI_MANIFEST, digest: digestOf(manifest), size: manifest.length },
    manifest,
    paths,
  }
}

async function describeLayer(files: ArchiveFiles, path: string): Promise<Descriptor> {
  const what = `the layer "${path}" that its manifest.json names`
  const { digest, size } = await files.identify(what, path)
  const { head, cancel } = await peek(files.open(what, path, 0), MAGIC_BYTES)
  await cancel()
  return { mediaType: layerMediaType(sniff(`layer ${path}`, head)), digest, size }
}
