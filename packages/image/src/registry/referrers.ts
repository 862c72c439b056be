/**
 * What refers to a manifest: signatures, attestations, bills of materials (distribution-spec, "Listing Referrers"). A registry without
 * that API has them listed in an index under a tag made from the digest: `sha256-<hex>`.
 */
import { parseJSON } from '../json.ts'
import { digestOf, type Digest } from '../digest.ts'
import { OCI_INDEX } from '../media-type.ts'
import type { Referrer } from '../referrer.ts'
import { Index, type Descriptor } from '../schema.ts'
import type { Answer } from './http/answer.ts'
import { RegistryError } from './error.ts'
import { findPages } from './pages.ts'
import type { Repository } from './repository.ts'

/** Empty where nothing refers to it. @throws RegistryError when the registry refuses. */
export async function referrers(repository: Repository, digest: Digest): Promise<Descriptor[]> {
  const pages = {
    step: 'image.referrers',
    first: repository.path(`referrers/${digest}`),
    scopes: repository.scopes,
    headers: { accept: OCI_INDEX },
    schema: Index,
    itemsOf: ({ manifests }: Index) => manifests,
  } as const
  const isIndex = (answer: Answer): boolean => answer.header('content-type')?.startsWith(OCI_INDEX) === true
  // Registries without this API know the path not at all, or refuse the method.
  return (await findPages(repository.endpoint, pages, [400, 404, 405], isIndex)) ?? (await tagged(repository, digest))
}

/**
 * Puts a manifest on the list of what refers to `subject`, at a registry that does not do so itself ("Pushing Manifests with Subject").
 * Of two that do this in the same moment, one may undo the other's entry: such registries know no way to prevent it.
 * @throws RegistryError when the list cannot be read or written.
 */
export async function addReferrer(repository: Repository, subject: Digest, referrer: Referrer): Promise<void> {
  const listed = await tagged(repository, subject)
  if (listed.some(({ digest }) => digest === referrer.digest)) return
  const list = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [...listed, referrer] }
  const bytes = Buffer.from(JSON.stringify(list))
  const descriptor = { mediaType: OCI_INDEX, digest: digestOf(bytes), size: bytes.length }
  await repository.putManifest(bytes, descriptor, fallbackTag(subject))
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
