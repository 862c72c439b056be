/** The registry's answer to a request: pure but for what it reads of the store. Writes are refused, everything else has an answer. */
import type { IncomingHttpHeaders } from 'node:http'
import { UserError } from '@mini-docker/syscall'
import { parseDigest, type Digest } from '../digest.ts'
import { isIndex, isManifest } from '../media-type.ts'
import type { Descriptor } from '../schema.ts'
import type { Blobs } from '../store/blobs.ts'
import { ASK_AGAIN, bytes, FOREVER, json, refuse, type Answer } from './answer.ts'
import { isName, type Catalogue, type Repository } from './catalogue.ts'
import { listReferrers, listRepositories, listTags } from './lists.ts'
import { etagOf, hasAlready, isStillSame, parseRange } from './range.ts'
import type { RepositoryRoute, Route } from './route.ts'

export type Asked = { method: string; route: Route; headers: IncomingHttpHeaders }

/** What the registry has to offer right now. */
export type Offer = { catalogue: Catalogue; blobs: Pick<Blobs, 'size' | 'read'> }

/** Never throws for what a client asks; a store that cannot be read is an error of its own. */
export function answer(asked: Asked, offer: Offer): Answer {
  const { method, route } = asked
  if (method !== 'GET' && method !== 'HEAD') {
    return refuse(
      405,
      'UNSUPPORTED',
      'this registry is read-only: images can be pulled, not pushed or deleted',
      { method },
      { allow: 'GET, HEAD' },
    )
  }
  if (route.kind === 'base') return json({}, { 'cache-control': ASK_AGAIN })
  if (route.kind === 'catalog') return listRepositories(offer.catalogue, route.query)
  if (route.kind === 'unknown')
    return refuse(404, 'UNSUPPORTED', 'not a path of the registry API: see /v2/_catalog for what there is')
  if (!isName(route.name))
    return refuse(400, 'NAME_INVALID', `${JSON.stringify(route.name)} is no name of a repository`)
  const repository = offer.catalogue.find(route.name, route.query.get('ns') ?? undefined)
  if (repository === undefined) return unknownName(route.name)
  // Ranges are defined for GET only (RFC 9110, §14.2).
  const headers = method === 'GET' ? asked.headers : { ...asked.headers, range: undefined }
  return inRepository(route, headers, offer, repository)
}

function unknownName(name: string): Answer {
  return refuse(404, 'NAME_UNKNOWN', `this registry has no ${name}: it offers only what is in its store`, { name })
}

function inRepository(
  route: RepositoryRoute,
  headers: IncomingHttpHeaders,
  { blobs }: Offer,
  repository: Repository,
): Answer {
  switch (route.kind) {
    case 'tags':
      return listTags(route.name, repository, route.query)
    case 'manifest':
      return manifest(route.name, route.reference, headers, blobs, repository)
    case 'blob': {
      const digest = tryDigest(route.digest)
      return digest === undefined ? invalidDigest(route.digest) : blob(route.name, digest, headers, blobs, repository)
    }
    case 'referrers': {
      const digest = tryDigest(route.digest)
      return digest === undefined ? invalidDigest(route.digest) : listReferrers(repository, digest, route.query)
    }
  }
}

function manifest(
  name: string,
  reference: string,
  headers: IncomingHttpHeaders,
  blobs: Offer['blobs'],
  repository: Repository,
): Answer {
  const isDigest = reference.includes(':')
  const digest = isDigest ? tryDigest(reference) : undefined
  if (isDigest && digest === undefined) return invalidDigest(reference)
  const descriptor = digest === undefined ? repository.tags.get(reference) : manifestWith(digest, repository)
  if (descriptor === undefined || sizeOf(descriptor.digest, blobs) === undefined) {
    return unknownManifest(name, reference, digest && repository.pulledAs.get(digest))
  }
  const known = {
    'docker-content-digest': descriptor.digest,
    etag: etagOf(descriptor.digest),
    'cache-control': isDigest ? FOREVER : ASK_AGAIN,
  }
  if (hasAlready(headers['if-none-match'], descriptor.digest)) return { status: 304, headers: known }
  return bytes(blobs.read('manifest', descriptor.digest), { 'content-type': descriptor.mediaType, ...known })
}

function manifestWith(digest: Digest, repository: Repository): Descriptor | undefined {
  const descriptor = repository.reached.get(digest)?.descriptor
  return descriptor && (isManifest(descriptor.mediaType) || isIndex(descriptor.mediaType)) ? descriptor : undefined
}

/**
 * An image that was pulled by the digest of an index, of which the store keeps one platform's manifest: no bytes here have the
 * digest that was asked for, and to send others would be a lie that the client finds out.
 */
function unknownManifest(name: string, reference: string, kept: Descriptor | undefined): Answer {
  const message =
    kept === undefined
      ? `${name} has no manifest ${reference} here`
      : `of the index ${reference} only the manifest ${kept.digest} for one platform is here: pull by tag, or ${name}@${kept.digest}`
  return refuse(404, 'MANIFEST_UNKNOWN', message, { name, reference, ...(kept && { available: kept.digest }) })
}

function blob(
  name: string,
  digest: Digest,
  headers: IncomingHttpHeaders,
  blobs: Offer['blobs'],
  repository: Repository,
): Answer {
  const size = repository.reached.has(digest) ? sizeOf(digest, blobs) : undefined
  if (size === undefined) return unknownBlob(name, digest)
  const known = {
    'docker-content-digest': digest,
    etag: etagOf(digest),
    'cache-control': FOREVER,
    'accept-ranges': 'bytes',
  }
  if (hasAlready(headers['if-none-match'], digest)) return { status: 304, headers: known }
  const type = { 'content-type': 'application/octet-stream', ...known }
  const range = isStillSame(ifRange(headers), digest) ? parseRange(headers.range, size) : undefined
  if (range === 'unsatisfiable') {
    return refuse(
      416,
      'RANGE_INVALID',
      `${digest} has ${size} bytes, which is before the range ${headers.range}`,
      {},
      { 'content-range': `bytes */${size}` },
    )
  }
  const span = range ?? { start: 0, end: size }
  const partial = range && { 'content-range': `bytes ${range.start}-${range.end - 1}/${size}` }
  return {
    status: range === undefined ? 200 : 206,
    headers: { ...type, ...partial, 'content-length': span.end - span.start },
    body: { digest, span },
  }
}

export function unknownBlob(name: string, digest: Digest): Answer {
  return refuse(404, 'BLOB_UNKNOWN', `${name} has no blob ${digest} here`, { name, digest })
}

function ifRange(headers: IncomingHttpHeaders): string | undefined {
  const value = headers['if-range']
  return Array.isArray(value) ? value[0] : value
}

function invalidDigest(text: string): Answer {
  return refuse(400, 'DIGEST_INVALID', `${JSON.stringify(text)} is no digest: sha256:<64 hex digits>`)
}

/** The store keeps sha256 only: other digests may be named by a manifest, and are not there. */
function sizeOf(digest: Digest, blobs: Offer['blobs']): number | undefined {
  return digest.startsWith('sha256:') ? blobs.size(digest) : undefined
}

function tryDigest(text: string): Digest | undefined {
  try {
    return parseDigest(text)
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}
