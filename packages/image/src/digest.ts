/**
 * Content addresses. Three names for three things that are all written `sha256:<hex>` and must never be mixed up:
 *
 *   Digest    of a blob as it is stored and sent: manifest, config, or a layer that may be compressed
 *   DiffID    of a layer's uncompressed tar: the same however it is compressed
 *   ChainID   of a layer on top of all layers below it: names the unpacked tree
 *
 * See OCI image-spec, descriptor.md (digests) and config.md (diffIDs and chainIDs).
 */
import { createHash, type Hash } from 'node:crypto'
import { UserError } from '@mini-docker/syscall'

declare const kind: unique symbol
export type Digest = string & { readonly [kind]: 'digest' }
export type DiffID = string & { readonly [kind]: 'diffID' }
export type ChainID = string & { readonly [kind]: 'chainID' }

/** Docker's image ID: the digest of the config blob. */
export type ImageID = Digest

const HEX_LENGTH: Record<string, number> = { sha256: 64, sha384: 96, sha512: 128 }

/**
 * Parses `algorithm:hex`. Accepts sha256, sha384 and sha512, as docker does; the store itself keeps sha256 only.
 * @throws UserError with docker's words.
 */
export function parseDigest(text: string): Digest {
  if (!/^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/.test(text))
    throw invalid('invalid checksum digest format', text)
  const [algorithm = '', hex = ''] = text.split(':')
  const length = HEX_LENGTH[algorithm]
  if (length === undefined) throw invalid('unsupported digest algorithm', text)
  if (hex.length !== length) throw invalid('invalid checksum digest length', text)
  if (!/^[0-9a-f]+$/.test(hex)) throw invalid('invalid checksum digest format', text)
  return text as Digest
}

/** Parses a diffID, of the sha256 kind that this store can check. */
export function parseDiffID(text: string): DiffID {
  return sha256Only(parseDigest(text)) as string as DiffID
}

/** Refuses what the store cannot keep: its blobs lie in `blobs/sha256`. */
export function sha256Only(digest: Digest): Digest {
  if (digest.startsWith('sha256:')) return digest
  throw new UserError('not-built', `digest ${digest} is not sha256`, { hint: 'only sha256 digests can be stored' })
}

/** The part behind `sha256:`. */
export function hexOf(digest: Digest | DiffID | ChainID): string {
  return digest.slice(digest.indexOf(':') + 1)
}

/** The digest of bytes that are already in memory. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return new Sha256().update(typeof bytes === 'string' ? Buffer.from(bytes) : bytes).digest()
}

/** A running hash. Feed it everything that streams by; ask once, at the end. */
export class Sha256 {
  readonly #hash: Hash = createHash('sha256')
  bytes = 0

  update(chunk: Uint8Array): this {
    this.#hash.update(chunk)
    this.bytes += chunk.length
    return this
  }
  /** The stream was a blob. */
  digest(): Digest {
    return `sha256:${this.#hash.digest('hex')}` as Digest
  }
  /** The stream was an uncompressed layer. */
  diffID(): DiffID {
    return `sha256:${this.#hash.digest('hex')}` as DiffID
  }
}

/** The chain of each layer, bottom first: `chain(n) = sha256(chain(n-1) + ' ' + diffID(n))`, and `chain(0) = diffID(0)`. */
export function chainIDs(diffIDs: readonly DiffID[]): ChainID[] {
  const chains: ChainID[] = []
  for (const diffID of diffIDs) {
    const below = chains.at(-1)
    chains.push((below === undefined ? diffID : digestOf(`${below} ${diffID}`)) as string as ChainID)
  }
  return chains
}

/** How people write an ID: its first twelve hex digits. */
export function shortID(id: Digest | DiffID | ChainID): string {
  return hexOf(id).slice(0, 12)
}

function invalid(message: string, text: string): UserError {
  return new UserError('invalid', message, { hint: `"${text}" should look like sha256:<64 hex digits>` })
}
