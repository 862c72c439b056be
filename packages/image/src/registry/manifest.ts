/**
 * Manifests as they come from a registry: bounded, and what they say of themselves, what the registry says of them and what was
 * asked for must be one. A document that is an image to one reader and an index to another would let a registry show the
 * scanner one image and the daemon another (CVE-2021-41190).
 */
import { createHash } from 'node:crypto'
import * as z from 'zod'
import type { Answer } from './http/answer.ts'
import { parseDigest, type Digest } from '../digest.ts'
import { JSON_BYTES_MAX } from '../json.ts'
import { DOCKER_LIST, DOCKER_MANIFEST, isIndex, isManifest, OCI_INDEX, OCI_MANIFEST } from '../media-type.ts'
import type { Descriptor } from '../schema.ts'
import { RegistryError } from './error.ts'
import { isWebPage, printable } from './refusal.ts'
import { requestTitle } from './http/trace.ts'

/** All that we can read; a registry answers with the first that it has. */
export const ACCEPT = [OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST, '*/*'].join(', ')

const SCHEMA_1 = 'application/vnd.docker.distribution.manifest.v1'
const Shape = z.looseObject({
  schemaVersion: z.number().optional(),
  mediaType: z.string().optional(),
  config: z.unknown().optional(),
  layers: z.unknown().optional(),
  manifests: z.unknown().optional(),
})

export type Fetched = { descriptor: Descriptor; bytes: Buffer }

/**
 * Reads a manifest out of an answer to GET, and describes it.
 * @throws RegistryError when it is too large, no manifest, or not what `wanted` or the registry's own headers say.
 */
export async function readManifestAnswer(answer: Answer, wanted: Partial<Descriptor>): Promise<Fetched> {
  const { url } = answer.request
  const what = wanted.digest ?? decodeURIComponent(url.pathname.split('/').at(-1) ?? '')
  const length = answer.length ?? 0
  if (length > JSON_BYTES_MAX) throw tooLarge(what, length)
  const bytes = await answer.read(JSON_BYTES_MAX)
  if (bytes.length > JSON_BYTES_MAX) throw tooLarge(what, bytes.length)
  requireIdentity(answer)
  const digest = wanted.digest ?? digestHeader(answer)
  if (digest !== undefined) requireDigest(`manifest ${what}`, bytes, digest)
  if (wanted.size !== undefined && wanted.size !== bytes.length) {
    throw wrong(`manifest ${what} is ${bytes.length} bytes long, expected ${wanted.size}`)
  }
  const mediaType = mediaTypeOf(what, answer, bytes)
  if (wanted.mediaType !== undefined && isKnown(wanted.mediaType) && wanted.mediaType !== mediaType) {
    throw wrong(`manifest ${what} is ${mediaType}, expected ${wanted.mediaType}`)
  }
  return { descriptor: { mediaType, digest: digest ?? digestWith('sha256', bytes), size: bytes.length }, bytes }
}

/** What the head of an answer says of a manifest; undefined when it does not say all of it. */
export function describedBy(answer: Answer): Descriptor | undefined {
  const mediaType = contentType(answer)
  refuseSchema1(mediaType)
  const digest = digestHeader(answer)
  const size = answer.length
  if (mediaType === undefined || !isKnown(mediaType) || digest === undefined || size === undefined) return undefined
  return { mediaType, digest, size }
}

/** Docker-Content-Digest. @throws RegistryError when it is there and no digest. */
export function digestHeader(answer: Answer): Digest | undefined {
  const text = answer.header('docker-content-digest')
  if (text === undefined) return undefined
  try {
    return parseDigest(text)
  } catch {
    throw wrong(`${answer.request.url.host} answered with the digest "${printable(text)}"`)
  }
}

/**
 * The digest under which something that was PUT is kept, if the registry says it. 201 is the answer that the spec has; other good
 * ones count only with a digest, since gateways for people answer 200 to everything.
 * @throws RegistryError `unavailable` when it looks as if nobody took it.
 */
export function storedDigest(answer: Answer, what: string): Digest | undefined {
  const stored = digestHeader(answer)
  if (stored !== undefined || answer.status === 201) return stored
  throw new RegistryError(
    `${what}: ${answer.request.url.host} answered ${answer.status}, and not that it was created`,
    {
      hint: 'what answers there is perhaps not the registry but something before it: look at it with --trace',
    },
  )
}

/** @throws RegistryError `invalid` when these bytes have another digest. */
export function requireDigest(what: string, bytes: Uint8Array, digest: Digest): void {
  const actual = digestWith(digest.slice(0, digest.indexOf(':')), bytes)
  if (actual !== digest) throw wrong(`${what} has the digest ${actual}, expected ${digest}`)
}

/** We asked for the bytes as they are; a proxy that compresses them nevertheless has changed what the digest is of. */
export function requireIdentity(answer: Answer): void {
  const encoding = answer.header('content-encoding')
  if (encoding === undefined || encoding === '' || encoding === 'identity') return
  throw new RegistryError(`${requestTitle(answer.request)}: answered with Content-Encoding: ${printable(encoding)}`, {
    code: 'invalid',
    hint: 'a proxy between compresses what was asked for as it is: turn that off there',
  })
}

/** What a document is: by its own word, by the registry's, and by its shape; these must not differ. */
function mediaTypeOf(what: string, answer: Answer, bytes: Buffer): string {
  const declared = contentType(answer)
  refuseSchema1(declared)
  const text = bytes.toString('utf8')
  const shape = Shape.safeParse(parsed(text))
  if (!shape.success) {
    const page = isWebPage(declared, text) ? 'a web page' : `no JSON object (${declared ?? 'without Content-Type'})`
    throw wrong(`manifest ${what} is ${page}`, `check that ${answer.request.url.host} is a registry`)
  }
  const { mediaType: own, schemaVersion, config, layers, manifests } = shape.data
  if (schemaVersion === 1) throw schema1()
  if (manifests !== undefined && (config !== undefined || layers !== undefined)) {
    throw wrong(`manifest ${what} is an image and an index at once`)
  }
  if (own !== undefined && declared !== undefined && isKnown(declared) && own !== declared) {
    throw wrong(`manifest ${what} says it is ${printable(own)}, and the registry says ${declared}`)
  }
  const mediaType = own ?? (declared !== undefined && isKnown(declared) ? declared : shaped(manifests, config))
  if (mediaType === undefined) throw wrong(`manifest ${what} is of the unknown type ${declared}`)
  if ((isIndex(mediaType) && manifests === undefined) || (isManifest(mediaType) && config === undefined)) {
    throw wrong(`manifest ${what} says it is ${mediaType}, and does not look like one`)
  }
  return mediaType
}

/** An OCI document may leave its type out. */
function shaped(manifests: unknown, config: unknown): string | undefined {
  if (manifests !== undefined) return OCI_INDEX
  return config === undefined ? undefined : OCI_MANIFEST
}

function contentType(answer: Answer): string | undefined {
  return answer.header('content-type')?.split(';')[0]?.trim().toLowerCase()
}

function isKnown(mediaType: string): boolean {
  return isIndex(mediaType) || isManifest(mediaType)
}

function digestWith(algorithm: string, bytes: Uint8Array): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}` as Digest
}

function refuseSchema1(mediaType: string | undefined): void {
  if (mediaType?.startsWith(SCHEMA_1) === true) throw schema1()
}

function schema1(): RegistryError {
  return new RegistryError(
    'Docker Image Format v1 and Docker Image manifest version 2, schema 1 support has been removed',
    { code: 'not-built', hint: 'ask the author of the image to push it anew: every docker since 1.10 makes schema 2' },
  )
}

function tooLarge(what: string, bytes: number): RegistryError {
  return wrong(
    `manifest ${what} is over 4 MiB (${bytes} bytes)`,
    'manifests are lists of digests: no real one is so long',
  )
}

function wrong(
  message: string,
  hint = 'the registry, or who stands between, changed it: ask its operator',
): RegistryError {
  return new RegistryError(message, { code: 'invalid', hint })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
