/** Files that are either the old or the new ones, whatever happens: temporary file, fsync(2), rename(2), fsync of the folder. */
import { randomBytes } from 'node:crypto'
import { link, open, rename, rm, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { UserError } from '@mini-docker/syscall'

/** Replaces `path` by `data`, durably. The temporary file lies beside it, named `.<name>.<random>.tmp`. */
export async function writeWhole(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomName()}.tmp`)
  try {
    await using file = await open(temporary, 'wx', 0o644)
    await file.writeFile(data)
    await file.sync()
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw diskError(error, path)
  }
  await syncDirectory(dirname(path))
}

/** Writes all of `chunk`: one write(2) may take less. */
export async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;) {
    at += (await file.write(chunk, at, chunk.length - at)).bytesWritten
  }
}

/** Gives a whole file its name in the store. link(2) never replaces: of two who bring the same blob, the first one's file stays. */
export async function linkOnce(from: string, to: string): Promise<void> {
  await link(from, to).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error
  })
}

/** After this, names made, changed or removed in `directory` survive a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, 'r')
  await handle.sync()
}

/** A full disk is for the user to mend; other errors are passed on. */
export function diskError(error: unknown, path: string): unknown {
  const code = (error as { code?: unknown }).code
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  return new UserError('unavailable', `no space left on the disk for ${path}`, {
    cause: error,
    hint: 'free some space: image gc removes what no image needs',
  })
}

/** Unique across processes; the process id helps who finds it lying about. */
export function randomName(): string {
  return `${process.pid}-${randomBytes(6).toString('hex')}`
}
