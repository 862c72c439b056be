/** Images that are not in the store, looked at where they are, as `skopeo inspect` does it. */
import type { Source } from '../copy/medium.ts'
import { chooseFrom } from '../copy/tree.ts'
import { parseJSON } from '../json.ts'
import type { Location } from '../media/location.ts'
import { openSource } from '../media/open.ts'
import { hostPlatform } from '../platform.ts'
import { formatRepository } from '../reference.ts'
import type { Registry } from '../registry/index.ts'
import { ImageConfig, Manifest, type Platform } from '../schema.ts'
import { openRegistry, type RegistryFlags } from './registry.ts'
import type { Session } from './session.ts'

/** `docker://…`, `oci:…` and so on; an image named `oci` with a tag is `store:oci:TAG`. */
export function isLocation(text: string): boolean {
  return /^(docker:\/\/|oci:|oci-archive:|docker-archive:|dir:|store:)/.test(text)
}

/** What it needs lives as long as `resources`. */
export async function openElsewhere(
  session: Session,
  location: Location,
  flags: RegistryFlags,
  resources: AsyncDisposableStack,
  platform?: Platform,
): Promise<{ source: Source; registry: Registry | undefined }> {
  const store = location.medium === 'store' ? await session.open() : undefined
  const hosts = location.medium === 'docker' ? [location.reference.domain] : undefined
  const registry = hosts && resources.use(openRegistry(session, flags, hosts))
  return { source: resources.use(await openSource(location, { store, registry, platform })), registry }
}

/** The fields of `skopeo inspect`. */
export async function describeElsewhere(
  session: Session,
  location: Location,
  flags: RegistryFlags,
  platform: Platform = hostPlatform(),
): Promise<unknown> {
  await using resources = new AsyncDisposableStack()
  const { source, registry } = await openElsewhere(session, location, flags, resources, platform)
  const [root] = await source.roots()
  const descriptor = await chooseFrom(source, root!.descriptor, platform)
  const bytes = await source.read('manifest', descriptor)
  const { config, layers } = parseJSON(`manifest ${descriptor.digest}`, bytes, Manifest)
  const image = parseJSON(`config ${config.digest}`, await source.read('config', config), ImageConfig)
  return {
    ...(location.medium === 'docker' && { Name: formatRepository(location.reference) }),
    Digest: root!.descriptor.digest,
    ...(location.medium === 'docker' && { RepoTags: await (await registry!.repository(location.reference)).tags() }),
    Created: image.created,
    Labels: image.config?.Labels ?? null,
    Architecture: image.architecture,
    Os: image.os,
    ...(image.variant ? { Variant: image.variant } : {}),
    Layers: layers.map(({ digest }) => digest),
    LayersData: layers.map(({ mediaType, digest, size }) => ({ MIMEType: mediaType, Digest: digest, Size: size })),
    Env: image.config?.Env ?? [],
  }
}
