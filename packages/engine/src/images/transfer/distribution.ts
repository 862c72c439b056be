/** GET /distribution/{name}/json: what a name means at its registry, without pulling it. */
import {
  ImageConfig,
  Index,
  isImageConfig,
  isIndex,
  isManifest,
  Manifest,
  parseJSON,
  RegistrySource,
  type Descriptor,
  type Platform,
  type Reference,
  type Source,
} from '@mini-docker/image'
import type { Engine } from '../../engine.ts'
import { openRegistry, type Access } from './registry.ts'
import { distributionFailure } from './words.ts'

/** Docker's registry.DistributionInspect. @throws StatusError with the registry's own status. */
export async function inspectDistribution(engine: Engine, reference: Reference, access: Access): Promise<object> {
  using registry = openRegistry(engine, reference, access)
  await using source = new RegistrySource(registry, reference)
  try {
    const [root] = await source.roots()
    if (root === undefined) throw new Error(`${source.location} offers nothing`)
    const { mediaType, digest, size } = root.descriptor
    return { Descriptor: { mediaType, digest, size }, Platforms: await platformsOf(source, root.descriptor) }
  } catch (error) {
    throw distributionFailure(error)
  }
}

async function platformsOf(source: Source, descriptor: Descriptor): Promise<Platform[] | null> {
  const { mediaType, digest } = descriptor
  const bytes = await source.read('manifest', descriptor)
  if (isIndex(mediaType)) {
    const { manifests } = parseJSON(`index ${digest}`, bytes, Index)
    return manifests.flatMap(({ platform }) => platform ?? [])
  }
  if (!isManifest(mediaType)) return null
  const { config } = parseJSON(`manifest ${digest}`, bytes, Manifest)
  // An artifact that is no image runs nowhere, and its config may be anything.
  if (!isImageConfig(config.mediaType)) return null
  const bytesOfConfig = await source.read('config', config)
  const { os, architecture, variant } = parseJSON(`config ${config.digest}`, bytesOfConfig, ImageConfig)
  if (os === '') return null
  return [{ architecture, os, ...(variant != null && { variant }) }]
}
