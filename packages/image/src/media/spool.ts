/**
 * An archive, read once from front to back. The entries come in any order and may be larger than memory, and only the manifest,
 * which may come last, tells what they are. So each file is hashed as it goes by and put aside: small ones in memory, others in
 * `tmp/` of a store. A copy into this store reads them where they are, and those that belong to an image become blobs by link(2).
 */
import { UserError } from '@mini-docker/syscall'
import { digestOf, parseDigest, Sha256, type Digest } from '../digest.ts'
import { JSON_BYTES_MAX, tooBig } from '../json.ts'
import type { BlobWriter } from '../store/blob-writer.ts'
import { readCapped, readFile } from '../store/blobs.ts'
import type { ImageStore } from '../store/store.ts'
import { readTar, type TarEntry } from '../tar/index.ts'
import { ArchiveEntries } from './archive-entries.ts'
import { lacks, type ArchiveFiles } from './archive-files.ts'

/** A file of the archive, put aside. */
type Held = {
  path: string
  digest: Digest
  size: number
  /** 'store': the store had this blob already, and the archive's copy has just proven equal. */
  kept: { in: 'memory'; bytes: Buffer } | { in: 'file'; writer: BlobWriter } | { in: 'store' }
}

const MEMORY_FILE_MAX = 256 * 1024
const MEMORY_TOTAL_MAX = 32 * 1024 * 1024
/** Files that the disk may be busy with at once: each holds a descriptor. */
const FLUSHING_MAX = 64

export class Spool implements ArchiveFiles {
  readonly #store: ImageStore
  readonly #entries = new ArchiveEntries<Held>()
  readonly #byDigest = new Map<Digest, Held>()
  readonly #resources = new AsyncDisposableStack()
  readonly #flushing: BlobWriter[] = []
  #memory = 0

  private constructor(store: ImageStore) {
    this.#store = store
  }

  /**
   * Reads a whole tar stream, uncompressed. Gc must not run meanwhile.
   * @throws UserError `invalid` for what is no archive, is cut off, leads out of itself, or has a blob under a wrong digest.
   */
  static async read(store: ImageStore, input: AsyncIterable<Uint8Array>): Promise<Spool> {
    const spool = new Spool(store)
    try {
      for await (const entry of readTar(input)) await spool.#entries.add(entry, (path) => spool.#hold(path, entry))
      return spool
    } catch (error) {
      await spool[Symbol.asyncDispose]()
      throw error
    }
  }

  has(path: string): boolean {
    return this.#find(path) !== undefined
  }

  async identify(what: string, path: string): Promise<{ digest: Digest; size: number }> {
    const { digest, size } = this.#get(what, path)
    return { digest, size }
  }

  async document(what: string, path: string): Promise<Buffer> {
    const { size, kept, digest } = this.#get(what, path)
    if (size > JSON_BYTES_MAX) throw tooBig(what, size)
    if (kept.in === 'memory') return kept.bytes
    return kept.in === 'file' ? readCapped(what, kept.writer.path) : this.#store.blobs.read(what, digest)
  }

  async *open(what: string, path: string, offset: number): AsyncGenerator<Uint8Array> {
    yield* this.#stream(this.#get(what, path), offset)
  }

  /** Removes all that did not become a blob. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync()
  }

  async *#stream({ kept, digest, path }: Held, offset = 0): AsyncGenerator<Uint8Array> {
    if (kept.in === 'memory') yield kept.bytes.subarray(offset)
    else if (kept.in === 'file') yield* readFile(kept.writer.path, path, offset)
    else yield* this.#store.blobs.stream(digest, offset)
  }

  #get(what: string, path: string): Held {
    const held = this.#find(path)
    if (held !== undefined) return held
    throw lacks(what)
  }

  /** A blob is found under whatever name it has in the archive. */
  #find(path: string): Held | undefined {
    const named = blobDigest(path)
    return this.#entries.find(path) ?? (named && this.#byDigest.get(named))
  }

  async #hold(path: string, entry: TarEntry): Promise<Held> {
    const named = blobDigest(path)
    const held = await this.#putAside(path, entry, named)
    if (named !== undefined && named !== held.digest) {
      throw new UserError('invalid', `${path} in the archive has the digest ${held.digest}`, {
        hint: 'the archive is corrupt: fetch or make it again',
      })
    }
    this.#byDigest.set(held.digest, held)
    this.#lend(held)
    return held
  }

  async #putAside(path: string, entry: TarEntry, named: Digest | undefined): Promise<Held> {
    const { size } = entry
    if (size <= MEMORY_FILE_MAX && this.#memory + size <= MEMORY_TOTAL_MAX) {
      const chunks: Uint8Array[] = []
      for await (const chunk of entry.body) chunks.push(chunk)
      const bytes = Buffer.concat(chunks)
      this.#memory += size
      return { path, digest: digestOf(bytes), size, kept: { in: 'memory', bytes } }
    }
    if (named !== undefined && this.#store.blobs.size(named) === size) {
      const hash = new Sha256()
      for await (const chunk of entry.body) hash.update(chunk)
      return { path, digest: hash.digest(), size, kept: { in: 'store' } }
    }
    const writer = this.#resources.use(await this.#store.blobs.writer())
    for await (const chunk of entry.body) await writer.write(chunk)
    const { digest } = await writer.finish()
    this.#flushing.push(writer)
    if (this.#flushing.length > FLUSHING_MAX) await this.#flushing.shift()?.flushed()
    return { path, digest, size, kept: { in: 'file', writer } }
  }

  /** While layers are unpacked from where they were put aside, the disk writes them out. */
  #lend(held: Held): void {
    const { digest, size, kept } = held
    if (kept.in === 'store') return
    const commit = async (): Promise<void> => {
      if (kept.in === 'memory') await this.#store.ingestBlob(kept.bytes, { digest, size })
      else await kept.writer.commit(digest)
      held.kept = { in: 'store' }
    }
    this.#resources.use(this.#store.downloads.lend({ digest, size, commit, open: () => this.#stream(held) }))
  }
}

function blobDigest(path: string): Digest | undefined {
  const hex = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(path)?.[1]
  return hex === undefined ? undefined : parseDigest(`sha256:${hex}`)
}
