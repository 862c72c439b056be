/**
 * skopeo's `dir:` as a source: one image, its blobs side by side.
 *
 *   version                     Directory Transport Version: 1.1
 *   manifest.json               the manifest, or the index
 *   <hex>.manifest.json         what the index names
 *   <hex>                       configs and layers
 */
import * as z from 'zod'
import type { Root, Source } from '../copy/medium.ts'
import { digestOf, hexOf, sha256Only } from '../digest.ts'
import { parseJSON } from '../json.ts'
import { isIndex, isManifest, OCI_INDEX, OCI_MANIFEST } from '../media-type.ts'
import type { Descriptor } from '../schema.ts'
import { DirectoryFiles, readBlob } from './files.ts'

export class DirSource implements Source {
  readonly location: string
  readonly #files: DirectoryFiles
  #top: { descriptor: Descriptor; bytes: Buffer } | undefined

  constructor(directory: string) {
    this.location = `dir:${directory}`
    this.#files = new DirectoryFiles(directory)
  }

  /** It has no name: whoever copies gives one. */
  async roots(): Promise<Root[]> {
    const bytes = await this.#files.document(`manifest.json of ${this.location}`, 'manifest.json')
    const descriptor = { mediaType: mediaTypeOf(this.location, bytes), digest: digestOf(bytes), size: bytes.length }
    this.#top = { descriptor, bytes }
    return [{ descriptor, names: [] }]
  }

  async read(what: string, descriptor: Descriptor): Promise<Buffer> {
    if (this.#top?.descriptor.digest === descriptor.digest) return this.#top.bytes
    return await readBlob(this.#files, what, pathOf(descriptor), descriptor)
  }

  open(descriptor: Descriptor, offset: number): AsyncIterable<Uint8Array> {
    return this.#files.open(`blob ${descriptor.digest}`, pathOf(descriptor), offset)
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Where a blob or an inner manifest lies in the directory. */
export function pathOf({ mediaType, digest }: Pick<Descriptor, 'mediaType' | 'digest'>): string {
  const hex = hexOf(sha256Only(digest))
  return isIndex(mediaType) || isManifest(mediaType) ? `${hex}.manifest.json` : hex
}

/** The directory does not say what its manifest is: the manifest does, or, where an OCI one leaves it out, its shape. */
function mediaTypeOf(location: string, bytes: Buffer): string {
  const { mediaType, manifests } = parseJSON(`manifest.json of ${location}`, bytes, Shape)
  return mediaType ?? (manifests === undefined ? OCI_MANIFEST : OCI_INDEX)
}

const Shape = z.looseObject({ mediaType: z.string().optional(), manifests: z.unknown().optional() })
