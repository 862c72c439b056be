/**
 * What refers to a manifest: signatures, attestations, bills of materials (distribution-spec, "Listing Referrers"). A registry without
 * that API has them listed in an index under a tag made from the digest: `sha256-<hex>`.
 */
import { JSON_BYTES_MAX, parseJSON } from '../json.ts'
import type { Digest } from '../digest.ts'
import { Index, type Descriptor } from '../schema.ts'
import { RegistryError } from './error.ts'
import type { Repository } from './repository.ts'
import { OCI_INDEX } from '../media-type.ts'

/** Empty where nothing refers to it. @throws RegistryError when the registry refuses. */
export async function referrers(repository: Repository, digest: Digest): Promise<Descriptor[]> {
  const { endpoint } = repository
  await using answer = await endpoint.ask({
    step: 'image.referrers',
    method: 'GET',
    to: repository.path(`referrers/${digest}`),
    scopes: repository.scopes,
    headers: { accept: OCI_INDEX },
    // Registries without this API know the path not at all, or refuse the method.
    expect: [200, 400, 404, 405],
  })
  if (answer.status === 200 && answer.header('content-type')?.startsWith(OCI_INDEX) === true) {
    return parseJSON(`referrers of ${digest}`, await answer.read(JSON_BYTES_MAX), Index).manifests
  }
  return await tagged(repository, digest)
}

async function tagged(repository: Repository, digest: Digest): Promise<Descriptor[]> {
  try {
    const { bytes, descriptor } = await repository.fetchManifest(fallbackTag(digest))
    return descriptor.mediaType === OCI_INDEX ? parseJSON(`referrers of ${digest}`, bytes, Index).manifests : []
  } catch (error) {
    if (error instanceof RegistryError && error.status === 404) return []
    throw error
  }
}

/** `sha256-<hex>`, cut where a tag must end. */
function fallbackTag(digest: Digest): string {
  return digest.replace(':', '-').slice(0, 128)
}
