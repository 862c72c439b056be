/**
 * Blobs on their way in from far away. Each is a file `tmp/download-<hex>` that grows as the bytes come, and survives whoever was
 * fetching it: the next one goes on where it ends, after a cut or a kill -9. Whoever fetches holds its flock(2), so
 * that the same blob is fetched once however many ask for it, in however many processes; the others then find the file whole.
 *
 * A download becomes a blob of the store with all others of its image, when all are there. `gc` leaves downloads alone for a day.
 */
import { createReadStream } from 'node:fs'
import { open, rm, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '@mini-docker/syscall'
import type { OpenBlob } from '../copy/medium.ts'
import { hexOf, Sha256, sha256Only, type Digest } from '../digest.ts'
import { inParallel } from '../parallel.ts'
import type { Descriptor } from '../schema.ts'
import { requireExpected } from './blob-writer.ts'
import type { Blobs } from './blobs.ts'
import { diskError, linkOnce, syncDirectory, writeAll } from './durable.ts'
import { waitForLock } from './lock.ts'
import type { StorePaths } from './paths.ts'

/** Told how many bytes of the blob have gone by, and whether they came from far away or were here already. */
export type OnBytes = (bytes: number, from: 'here' | 'away') => void

/** A whole blob that is at hand in this process, its digest proven: out of an archive that was put aside. */
export type Lent = {
  readonly digest: Digest
  readonly size: number
  open: () => AsyncIterable<Uint8Array>
  /** Makes it a blob of the store, durably. */
  commit: () => Promise<void>
}

/** A layer may take its time. */
const WAIT_MS = 6 * 3600_000
const FLUSHES = 4

export class Downloads {
  readonly #paths: StorePaths
  readonly #blobs: Blobs
  readonly #lent = new Map<Digest, Lent[]>()

  constructor(paths: StorePaths, blobs: Blobs) {
    this.#paths = paths
    this.#blobs = blobs
  }

  /** Bytes of a blob that are here already, whole or not. */
  async kept(digest: Digest): Promise<number> {
    const size =
      this.#blobs.size(digest) ??
      this.#lentOf(digest)?.size ??
      (await stat(this.#path(digest)).catch(() => undefined))?.size
    return size ?? 0
  }

  /**
   * All bytes of a blob, from here as far as they are here, then from `open`. Checked at the end: who reads to the end knows that
   * the bytes were the blob's. What came is kept when `open` fails, and dropped when the bytes are wrong or the reader stops.
   * @throws UserError `invalid` for other bytes than the digest says; `unavailable` when the disk is full.
   */
  async *stream(
    blob: Pick<Descriptor, 'digest' | 'size'>,
    open: OpenBlob,
    onBytes: OnBytes,
  ): AsyncGenerator<Uint8Array> {
    const stored = this.#blobs.size(blob.digest) !== undefined
    const lent = stored ? undefined : this.#lentOf(blob.digest)
    if (lent !== undefined) requireExpected(lent, blob)
    const download = stored || lent !== undefined ? undefined : await this.#open(blob.digest)
    if (download !== undefined) return yield* fetch(download, blob, open, onBytes)
    let bytes = 0
    for await (const chunk of lent?.open() ?? this.#blobs.stream(blob.digest)) {
      onBytes((bytes += chunk.length), 'here')
      yield chunk
    }
  }

  /** Offers a blob that is at hand to whoever wants it, until the offer is taken back by disposing it. */
  lend(blob: Lent): Disposable {
    this.#lent.set(blob.digest, [...(this.#lent.get(blob.digest) ?? []), blob])
    return {
      [Symbol.dispose]: () => {
        const others = this.#lent.get(blob.digest)?.filter((one) => one !== blob) ?? []
        if (others.length > 0) this.#lent.set(blob.digest, others)
        else this.#lent.delete(blob.digest)
      },
    }
  }

  /** Forgets what came of a blob. */
  async drop(digest: Digest): Promise<void> {
    await rm(this.#path(digest), { force: true })
  }

  /** Makes whole downloads blobs of the store, durably; those that are blobs already are passed over. */
  async commit(digests: readonly Digest[]): Promise<void> {
    const coming = digests.filter((digest) => this.#blobs.size(digest) === undefined)
    if (coming.length === 0) return
    await inParallel(coming, FLUSHES, (digest) => this.#commit(digest))
    await syncDirectory(this.#paths.blobs)
    for (const digest of coming) await this.drop(digest)
  }

  #lentOf(digest: Digest): Lent | undefined {
    return this.#lent.get(digest)?.at(-1)
  }

  async #commit(digest: Digest): Promise<void> {
    const lent = this.#lentOf(digest)
    if (lent !== undefined) return await lent.commit()
    const path = this.#path(digest)
    try {
      await using file = await open(path, 'r')
      await file.sync()
      await linkOnce(path, this.#paths.blob(digest))
    } catch (error) {
      // Somebody else who had this blob was quicker.
      if (this.#blobs.size(digest) !== undefined) return
      if ((error as { code?: unknown }).code !== 'ENOENT') throw diskError(error, path)
      throw new UserError('conflict', `blob ${digest} was dropped by another pull that found its image bad`, {
        hint: 'try again',
      })
    }
  }

  #path(digest: Digest): string {
    return join(this.#paths.tmp, `download-${hexOf(sha256Only(digest))}`)
  }

  /** The file, locked; undefined when the blob came into the store meanwhile. */
  async #open(digest: Digest): Promise<Download | undefined> {
    const path = this.#path(digest)
    for (;;) {
      const file = await open(path, 'a+', 0o644)
      try {
        await waitForLock(file, 'exclusive', path, WAIT_MS)
        if (this.#blobs.size(digest) !== undefined) {
          await file.close()
          return undefined
        }
        // Whoever had the lock may have removed the file: then this one has no name any more.
        const [own, named] = [await file.stat(), await stat(path).catch(() => undefined)]
        if (named?.ino === own.ino) return { file, path, size: own.size }
      } catch (error) {
        await file.close()
        throw error
      }
      await file.close()
    }
  }
}

type Download = { file: FileHandle; path: string; size: number }

async function* fetch(
  { file, path, size: kept }: Download,
  blob: Pick<Descriptor, 'digest' | 'size'>,
  open: OpenBlob,
  onBytes: OnBytes,
): AsyncGenerator<Uint8Array> {
  await using _file = file
  const hash = new Sha256()
  // Whoever stops reading does not want it: the bytes are hostile, or not what they should be; and a full disk needs the room.
  let keep = false
  try {
    if (kept > blob.size) await file.truncate(0)
    else if (kept > 0) {
      for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES }) as AsyncIterable<Uint8Array>) {
        hash.update(chunk)
        onBytes(hash.bytes, 'here')
        yield chunk
      }
    }
    if (hash.bytes < blob.size) {
      for await (const chunk of failing(open(hash.bytes), () => (keep = true))) {
        if (hash.bytes + chunk.length > blob.size) requireExpected({ ...blob, size: hash.bytes + chunk.length }, blob)
        // The disk writes while the reader works.
        const written = writeAll(file, chunk)
        written.catch(() => {})
        hash.update(chunk)
        onBytes(hash.bytes, 'away')
        yield chunk
        await written.catch((error: unknown) => Promise.reject(diskError(error, path)))
      }
    }
    requireExpected({ digest: hash.digest(), size: hash.bytes }, blob)
    keep = true
  } finally {
    if (!keep || hash.bytes === 0) await rm(path, { force: true })
  }
}

const READ_BYTES = 256 * 1024

/** Passes on what `input` gives, and calls `onFailure` before passing on its error. */
async function* failing(input: AsyncIterable<Uint8Array>, onFailure: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* input
  } catch (error) {
    onFailure()
    throw error
  }
}
