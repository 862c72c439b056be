/**
 * One blob on its way in: a file in `tmp/` that becomes `blobs/sha256/<hex>` only when it is whole, checked and on the disk.
 * Disposing a writer that was not committed removes the file.
 */
import { access, open, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '@mini-docker/syscall'
import { Sha256, type Digest } from '../digest.ts'
import { diskError, linkOnce, randomName, syncDirectory, writeAll } from './durable.ts'
import type { StorePaths } from './paths.ts'

export type Expected = { digest?: Digest; size?: number }
export type StoredBlob = { digest: Digest; size: number }

export class BlobWriter implements AsyncDisposable {
  readonly #paths: StorePaths
  readonly path: string
  readonly #hash = new Sha256()
  #file: FileHandle | undefined
  #flushed: Promise<void> = Promise.resolve()

  private constructor(paths: StorePaths, path: string, file: FileHandle) {
    this.#paths = paths
    this.path = path
    this.#file = file
  }

  static async open(paths: StorePaths): Promise<BlobWriter> {
    const path = join(paths.tmp, `blob-${randomName()}`)
    return new BlobWriter(paths, path, await open(path, 'wx', 0o644))
  }

  /** Writes and hashes at the same time: the write is in the thread pool, the hash here. */
  async write(chunk: Uint8Array): Promise<void> {
    if (this.#file === undefined) throw new Error(`blob writer ${this.path} is closed`)
    const written = writeAll(this.#file, chunk)
    this.#hash.update(chunk)
    await written.catch((error: unknown) => Promise.reject(diskError(error, this.path)))
  }

  /**
   * Ends the writing and says what it was. The disk starts on it now; `commit` waits until it is done.
   * @throws UserError `invalid` when it is not what was expected.
   */
  async finish(expected: Expected = {}): Promise<StoredBlob> {
    this.#flush()
    const blob = { digest: this.#hash.digest(), size: this.#hash.bytes }
    requireExpected(blob, expected)
    return blob
  }

  /** Waits until a finished blob is on the disk. */
  flushed(): Promise<void> {
    return this.#flushed
  }

  /** Makes a finished blob part of the store, durably. Cheap when the store has it already. */
  async commit(digest: Digest): Promise<void> {
    const target = this.#paths.blob(digest)
    if (!(await exists(target))) {
      await this.#flushed
      await linkOnce(this.path, target)
      await syncDirectory(this.#paths.blobs)
    }
    await rm(this.path, { force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#flushed.catch(() => {})
    await this.#file?.close()
    await rm(this.path, { force: true })
  }

  #flush(): void {
    const file = this.#file
    this.#file = undefined
    if (file === undefined) return
    this.#flushed = flushAndClose(file, this.path)
    // Whoever does not commit does not care.
    this.#flushed.catch(() => {})
  }
}

async function flushAndClose(file: FileHandle, path: string): Promise<void> {
  try {
    await file.sync()
  } catch (error) {
    throw diskError(error, path)
  } finally {
    await file.close()
  }
}

/** @throws UserError `invalid` naming both digests or sizes. */
export function requireExpected({ digest, size }: StoredBlob, expected: Expected): void {
  if (expected.size !== undefined && expected.size !== size) {
    throw new UserError(
      'invalid',
      `blob ${expected.digest ?? digest} is ${size} bytes long, expected ${expected.size}`,
      {
        hint: 'the data is truncated or corrupt: fetch or make it again',
      },
    )
  }
  if (expected.digest !== undefined && expected.digest !== digest) {
    throw new UserError('invalid', `blob ${expected.digest} has the digest ${digest}`, {
      hint: 'the data is corrupt: fetch or make it again',
    })
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
