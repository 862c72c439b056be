/**
 * An archive, read once from front to back. The entries come in any order and may be larger than memory, and only the manifest,
 * which may come last, tells what they are. So each file is hashed as it goes by and put aside: small ones in memory, others in
 * the store's `tmp/`, from where those that belong to an image become blobs by rename.
 */
import { posix } from 'node:path'
import { UserError } from '@mini-docker/syscall'
import { parseDigest, Sha256, type Digest } from '../digest.ts'
import { JSON_BYTES_MAX, tooBig } from '../json.ts'
import type { BlobWriter } from '../store/blob-writer.ts'
import { readCapped, readFile } from '../store/blobs.ts'
import type { ImageStore } from '../store/store.ts'
import { readTar, type TarEntry } from '../tar/index.ts'

/** A file of the archive, put aside. */
export type Held = {
  path: string
  digest: Digest
  size: number
  /** 'stored': the store had this blob already, and the archive's copy has just proven equal. */
  kept: { in: 'memory'; bytes: Buffer } | { in: 'file'; writer: BlobWriter } | { in: 'store' }
}

const MEMORY_FILE_MAX = 256 * 1024
const MEMORY_TOTAL_MAX = 32 * 1024 * 1024
const ENTRIES_MAX = 100_000
const LINKS_MAX = 16
/** Files that the disk may be busy with at once: each holds a descriptor. */
const FLUSHING_MAX = 64

export class Spool implements AsyncDisposable {
  readonly #store: ImageStore
  readonly #files = new Map<string, Held>()
  readonly #links = new Map<string, string>()
  readonly #byDigest = new Map<Digest, Held>()
  readonly #resources = new AsyncDisposableStack()
  readonly #flushing: BlobWriter[] = []
  #memory = 0

  private constructor(store: ImageStore) {
    this.#store = store
  }

  /**
   * Reads a whole tar stream, uncompressed.
   * @throws UserError `invalid` for what is no archive, is cut off, leads out of itself, or has a blob under a wrong digest.
   */
  static async read(store: ImageStore, input: AsyncIterable<Uint8Array>): Promise<Spool> {
    const spool = new Spool(store)
    try {
      let entries = 0
      for await (const entry of readTar(input)) {
        if (++entries > ENTRIES_MAX) throw new UserError('invalid', `the archive has more than ${ENTRIES_MAX} entries`)
        await spool.#take(entry)
      }
      return spool
    } catch (error) {
      await spool[Symbol.asyncDispose]()
      throw error
    }
  }

  /** A file by the name a manifest gives it, through the archive's own links. @throws UserError when that leads out of the archive. */
  file(path: string): Held | undefined {
    let at = inside(path)
    for (let links = 0; links <= LINKS_MAX; links++) {
      const held = this.#files.get(at)
      if (held !== undefined) return held
      const target = this.#links.get(at)
      if (target === undefined) return undefined
      at = target
    }
    throw new UserError('invalid', `"${path}" leads through more than ${LINKS_MAX} links in the archive`)
  }

  /** A blob of the OCI layout in the archive. @throws UserError `invalid` when the archive lacks it. */
  blob(what: string, digest: Digest): Held {
    const held = this.file(blobPath(digest)) ?? this.#byDigest.get(digest)
    if (held !== undefined) return held
    throw new UserError('invalid', `the archive lacks ${what} ${digest}`, { hint: 'it is incomplete: make it again' })
  }

  /** The bytes of a small file. @throws UserError when it is over 4 MiB. */
  bytes(what: string, held: Held): Buffer {
    if (held.size > JSON_BYTES_MAX) throw tooBig(what, held.size)
    const { kept, digest } = held
    if (kept.in === 'memory') return kept.bytes
    return kept.in === 'file' ? readCapped(what, kept.writer.path) : this.#store.blobs.read(what, digest)
  }

  /** The content of a file of any size. */
  stream({ digest, kept, path }: Held): AsyncIterable<Uint8Array> {
    if (kept.in === 'memory') return one(kept.bytes)
    return kept.in === 'file' ? readFile(kept.writer.path, path) : this.#store.blobs.stream(digest)
  }

  /** Makes a file a blob of the store. Once is enough, more is harmless. */
  async commit(held: Held): Promise<void> {
    const { kept, digest, size } = held
    if (kept.in === 'store') return
    if (kept.in === 'memory') await this.#store.ingestBlob(kept.bytes, { digest, size })
    else await kept.writer.commit(digest)
    held.kept = { in: 'store' }
  }

  /** Removes all that did not become a blob. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync()
  }

  async #take(entry: TarEntry): Promise<void> {
    const path = inside(entry.path)
    this.#files.delete(path)
    this.#links.delete(path)
    switch (entry.type) {
      case 'file': {
        const held = await this.#hold(path, entry)
        this.#files.set(path, held)
        this.#byDigest.set(held.digest, held)
        return
      }
      case 'symlink':
        this.#links.set(path, inside(posix.join(posix.dirname(path), entry.linkname)))
        return
      case 'hardlink':
        this.#links.set(path, inside(entry.linkname))
        return
      default:
      // Directories say nothing, and devices have no business here.
    }
  }

  async #hold(path: string, entry: TarEntry): Promise<Held> {
    const { size } = entry
    const named = blobDigest(path)
    if (size <= MEMORY_FILE_MAX && this.#memory + size <= MEMORY_TOTAL_MAX) {
      const chunks: Uint8Array[] = []
      for await (const chunk of entry.body) chunks.push(chunk)
      const bytes = Buffer.concat(chunks)
      this.#memory += size
      return checked({ path, digest: new Sha256().update(bytes).digest(), size, kept: { in: 'memory', bytes } }, named)
    }
    if (named !== undefined && this.#store.blobs.size(named) === size) {
      const hash = new Sha256()
      for await (const chunk of entry.body) hash.update(chunk)
      return checked({ path, digest: hash.digest(), size, kept: { in: 'store' } }, named)
    }
    const writer = this.#resources.use(await this.#store.blobs.writer())
    for await (const chunk of entry.body) await writer.write(chunk)
    const blob = await writer.finish()
    this.#flushing.push(writer)
    if (this.#flushing.length > FLUSHING_MAX) await this.#flushing.shift()?.flushed()
    return checked({ path, ...blob, kept: { in: 'file', writer } }, named)
  }
}

function checked(held: Held, named: Digest | undefined): Held {
  if (named === undefined || named === held.digest) return held
  throw new UserError('invalid', `${held.path} in the archive has the digest ${held.digest}`, {
    hint: 'the archive is corrupt: fetch or make it again',
  })
}

function blobPath(digest: Digest): string {
  return `blobs/${digest.replace(':', '/')}`
}

function blobDigest(path: string): Digest | undefined {
  const hex = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(path)?.[1]
  return hex === undefined ? undefined : parseDigest(`sha256:${hex}`)
}

/** The path without `./`, `//` and inner `..`. Nothing is ever opened under it; but who writes `../` means no good. */
function inside(path: string): string {
  const normal = posix.normalize(path).replace(/^\/+/, '').replace(/\/$/, '')
  if (normal !== '..' && !normal.startsWith('../')) return normal
  throw new UserError('invalid', `"${path}" leads out of the archive`)
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
