/** Files that appear whole: temporary file, fsync(2), rename(2), fsync of the directory. For layouts and directories that skopeo reads. */
import { existsSync } from 'node:fs'
import { lstat, mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { UserError } from '@mini-docker/syscall'
import type { OpenBlob } from '../copy/medium.ts'
import { Sha256, type Digest } from '../digest.ts'
import { requireExpected } from '../store/blob-writer.ts'
import { diskError, randomName, syncDirectory, writeAll } from '../store/durable.ts'

/** Whether a regular file of this size lies there; one of another size is somebody's half copy. */
export async function hasFile(path: string, size: number): Promise<boolean> {
  const stat = await lstat(path).catch(() => undefined)
  return stat?.isFile() === true && stat.size === size
}

/**
 * Writes a blob to `directory/name`, durably. Replaces what is there, a symbolic link too.
 * @throws UserError `invalid` when digest or size are not the blob's; nothing is left then.
 */
export async function writeBlob(
  directory: string,
  name: string,
  blob: { digest: Digest; size: number },
  open: OpenBlob,
  tell: (bytes: number) => void,
): Promise<void> {
  await using writer = await WholeFile.create(directory)
  for await (const chunk of open(0)) {
    await writer.write(chunk)
    if (writer.bytes > blob.size) {
      throw new UserError('invalid', `blob ${blob.digest} is longer than the ${blob.size} bytes expected`)
    }
    tell(writer.bytes)
  }
  requireExpected(writer.stored(), blob)
  await writer.commit(name)
}

/** A file that gets its name when it is whole. Disposing one without a name removes it. */
export class WholeFile implements AsyncDisposable {
  readonly #directory: string
  readonly #path: string
  readonly #hash = new Sha256()
  readonly #file: FileHandle

  private constructor(directory: string, path: string, file: FileHandle) {
    this.#directory = directory
    this.#path = path
    this.#file = file
  }

  static async create(directory: string): Promise<WholeFile> {
    const path = join(directory, `.${randomName()}.tmp`)
    return new WholeFile(directory, path, await open(path, 'wx', 0o644))
  }

  get bytes(): number {
    return this.#hash.bytes
  }

  /** Writes and hashes at the same time. @throws UserError `unavailable` when the disk is full. */
  async write(chunk: Uint8Array): Promise<void> {
    const written = writeAll(this.#file, chunk)
    this.#hash.update(chunk)
    await written.catch((error: unknown) => Promise.reject(diskError(error, this.#directory)))
  }

  /** What was written. Asked once, at the end. */
  stored(): { digest: Digest; size: number } {
    return { digest: this.#hash.digest(), size: this.#hash.bytes }
  }

  /** Not link(2), which file systems of USB sticks lack; whoever brought the same blob meanwhile brought the same bytes. */
  async commit(name: string): Promise<void> {
    await this.#file.sync().catch((error: unknown) => Promise.reject(diskError(error, this.#directory)))
    await rename(this.#path, join(this.#directory, name))
    await syncDirectory(this.#directory)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
    // After a commit there is nothing under this name.
    await rm(this.#path, { force: true })
  }
}

/** With the directories above it. Node's `recursive` never ends where a directory is there and refuses all, as /proc does. */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    const above = dirname(path)
    if (code !== 'ENOENT' || above === path || existsSync(above)) throw error
    await makeDirectory(above)
    await mkdir(path)
  }
}

const STALE_MS = 24 * 3600_000

/** Removes what writers that were killed left, a day ago or longer. */
export async function removeStale(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!/^\.\d+-[0-9a-f]{12}\.tmp$/.test(name)) continue
    const path = join(directory, name)
    const stat = await lstat(path).catch(() => undefined)
    if (stat !== undefined && Date.now() - stat.mtimeMs > STALE_MS) await rm(path, { force: true })
  }
}
