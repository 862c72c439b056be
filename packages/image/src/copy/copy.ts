/**
 * The one operation behind pull, push, save, load and copy:
 *
 *   1. read the manifests: they tell what there is        tree.ts
 *   2. move the blobs, several at once, each one once
 *   3. write the manifests, those named by others first
 *   4. give names
 *
 * So at no time does anything in the sink name what is not there, and whoever stops it half-way leaves no half image.
 */
import { createGzip, createZstdCompress } from 'node:zlib'
import { pipeline, type Readable } from 'node:stream'
import { compressedMediaType, isPlainLayer } from '../media-type.ts'
import { inParallel } from '../parallel.ts'
import type { Descriptor } from '../schema.ts'
import type { BlobState, CopyOptions, Planned, Sink, Source, Tree } from './medium.ts'
import { replaceBlobs } from './replace.ts'
import { planCopy, type ReadDocument } from './tree.ts'

/**
 * Copies all that `source` offers into `sink`; both stay open. Blobs that the sink has are not read.
 * @returns what is now in the sink.
 * @throws UserError for what is missing, malformed or not what its digest says; the sink then has no new name.
 */
export async function copyImages(source: Source, sink: Sink, options: CopyOptions = {}): Promise<Planned[]> {
  const documents = readDocuments(source, sink)
  const images = await planCopy(source, documents, sink, options)
  const tell = options.onEvent ?? (() => {})
  for (const image of images) tell({ kind: 'planned', image })
  await sink.begin(images, (config) => documents('config', config))
  const compressed = await new BlobMover(source, documents, sink, options).move(images)
  const written = compressed.size === 0 ? images : images.map((image) => replaceBlobs(image, compressed))
  for (const { tree, names } of written) await writeTree(sink, tree, names)
  await sink.finish(written)
  return written
}

async function writeTree(sink: Sink, tree: Tree, names: Planned['names']): Promise<void> {
  for (const child of tree.children) await writeTree(sink, child, [])
  await sink.writeManifest(tree, names)
}

/** Manifests, indexes and configs, each read once, and not at all from the source where the sink has it. */
function readDocuments(source: Source, sink: Sink): ReadDocument {
  const known = new Map<string, Promise<Buffer>>()
  return (what, descriptor) => {
    const { digest } = descriptor
    const reading = known.get(digest) ?? readDocument(what, descriptor, source, sink)
    known.set(digest, reading)
    return reading
  }
}

async function readDocument(what: string, descriptor: Descriptor, source: Source, sink: Sink): Promise<Buffer> {
  return sink.recall?.(what, descriptor) ?? (await source.read(what, descriptor))
}

type Blob = { descriptor: Descriptor; role: 'config' | 'layer' }

/** Step 2. Answers with the blobs that became others on the way. */
class BlobMover {
  readonly #source: Source
  readonly #documents: ReadDocument
  readonly #sink: Sink
  readonly #options: CopyOptions
  readonly #compressed = new Map<string, Descriptor>()

  constructor(source: Source, documents: ReadDocument, sink: Sink, options: CopyOptions) {
    this.#source = source
    this.#documents = documents
    this.#sink = sink
    this.#options = options
  }

  async move(images: readonly Planned[]): Promise<ReadonlyMap<string, Descriptor>> {
    const blobs = uniqueBlobs(images.map(({ tree }) => tree))
    for (const blob of blobs) this.#tell(blob, { state: 'planned' })
    const { parallel } = this.#sink
    for (const blob of blobs.slice(parallel)) this.#tell(blob, { state: 'waiting' })
    await inParallel(blobs, parallel, (blob) => this.#moveOne(blob))
    return this.#compressed
  }

  async #moveOne(blob: Blob): Promise<void> {
    this.#options.signal?.throwIfAborted()
    const { descriptor } = blob
    const how = this.#compression(blob)
    if (how !== undefined) return await this.#moveCompressed(blob, how)
    if (await this.#isThere(blob, descriptor)) return
    await this.#sink.write(
      descriptor,
      (offset) => this.#untilAborted(this.#open(blob, offset)),
      (progress) => this.#tell(blob, progress),
    )
    return this.#tell(blob, { state: 'done' })
  }

  /** Whether the sink has a blob, or can get it by itself; that is told then. */
  async #isThere(blob: Blob, stored: Descriptor): Promise<boolean> {
    const candidates = this.#source.repositoriesWith?.(blob.descriptor.digest) ?? []
    const presence = await this.#sink.presence(stored, candidates)
    if (presence.kind === 'absent') return false
    this.#tell(blob, presence.kind === 'mounted' ? { state: 'mounted', from: presence.from } : { state: 'present' })
    return true
  }

  /** A config may be gone from a stream by now. */
  #open({ descriptor, role }: Blob, offset: number): AsyncIterable<Uint8Array> {
    if (role === 'layer') return this.#source.open(descriptor, offset)
    return fromPromise(this.#documents('config', descriptor).then((bytes) => bytes.subarray(offset)))
  }

  #compression({ descriptor, role }: Blob): 'gzip' | 'zstd' | undefined {
    const { compress } = this.#options
    if (compress === undefined || role !== 'layer' || this.#sink.writeUnknown === undefined) return undefined
    return isPlainLayer(descriptor.mediaType) ? compress : undefined
  }

  /** What an earlier copy made of the layer may be there; only then is it known what to ask for. */
  async #moveCompressed(blob: Blob, how: 'gzip' | 'zstd'): Promise<void> {
    const { digest } = blob.descriptor
    const known = this.#options.compressed?.get(digest)
    const isThere = known !== undefined && (await this.#isThere(blob, known))
    const stored = isThere ? known : await this.#compress(blob, how)
    this.#compressed.set(digest, stored)
    this.#options.compressed?.set(digest, stored)
    if (!isThere) this.#tell(blob, { state: 'done' })
  }

  /** What is made on the way can't be taken up in its middle: after a cut it is made again from the start. */
  async #compress(blob: Blob, how: 'gzip' | 'zstd'): Promise<Descriptor> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#compressOnce(blob, how)
      } catch (error) {
        if (attempt === COMPRESS_TRIES || (error as { retryable?: unknown }).retryable !== true) throw error
      }
    }
  }

  async #compressOnce(blob: Blob, how: 'gzip' | 'zstd'): Promise<Descriptor> {
    const { descriptor } = blob
    let read = 0
    const counted = async function* (this: BlobMover): AsyncGenerator<Uint8Array> {
      for await (const chunk of this.#untilAborted(this.#source.open(descriptor, 0))) {
        read += chunk.length
        this.#tell(blob, { state: 'transferring', bytes: read })
        yield chunk
      }
    }
    const encoder =
      how === 'gzip' ? createGzip({ chunkSize: CHUNK_BYTES }) : createZstdCompress({ chunkSize: CHUNK_BYTES })
    // A failure of the source reaches the reader as the encoder's own error.
    pipeline(counted.call(this), encoder, () => {})
    using _encoder = { [Symbol.dispose]: () => encoder.destroy() }
    const stored = await this.#sink.writeUnknown!(encoder as Readable)
    const { annotations: _, ...rest } = descriptor
    return { ...rest, ...stored, mediaType: compressedMediaType(descriptor.mediaType, how) }
  }

  async *#untilAborted(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { signal } = this.#options
    for await (const chunk of input) {
      signal?.throwIfAborted()
      yield chunk
    }
  }

  #tell({ descriptor, role }: Blob, progress: BlobState): void {
    this.#options.onEvent?.({ kind: 'blob', blob: descriptor, role, progress })
  }
}

const CHUNK_BYTES = 256 * 1024
const COMPRESS_TRIES = 3

/** Each blob once, configs first: they are small, and sinks learn from them what the layers are. */
function uniqueBlobs(trees: readonly Tree[]): Blob[] {
  const found = new Map<string, Blob>()
  const visit = (tree: Tree): void => {
    for (const [i, descriptor] of tree.blobs.entries()) {
      if (!found.has(descriptor.digest))
        found.set(descriptor.digest, { descriptor, role: i === 0 ? 'config' : 'layer' })
    }
    tree.children.forEach(visit)
  }
  trees.forEach(visit)
  return [...found.values()].toSorted((a, b) => Number(a.role === 'layer') - Number(b.role === 'layer'))
}

async function* fromPromise(bytes: Promise<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield await bytes
}
