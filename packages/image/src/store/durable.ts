/** Files that are either the old or the new ones, whatever happens: temporary file, fsync(2), rename(2), fsync of the folder. */
import { randomBytes } from 'node:crypto'
import { link, open, rename, rm, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { AT_FDCWD, O_DIRECTORY, O_PATH, openat, tell, UserError } from '@mini-docker/syscall'
import { removeTree } from '../tree/remove.ts'

/** Replaces `path` by `data`, durably. The temporary file lies beside it, named `.<name>.<random>.tmp`. */
export function writeWhole(path: string, data: string | Uint8Array): Promise<void> {
  return tell(
    'image.file',
    () => `rename("${path}.tmp", "${path}") after fsync of ${data.length} bytes`,
    () => replaceWhole(path, data),
  )
}

async function replaceWhole(path: string, data: string | Uint8Array): Promise<void> {
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

/** Removes a tree under `directory`, or nothing where there is none; also one that is deeper than a path can say (PATH_MAX). */
export async function removeAll(directory: string, name: string): Promise<void> {
  try {
    await rm(join(directory, name), { recursive: true, force: true })
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENAMETOOLONG') throw error
    using parent = openat(AT_FDCWD, directory, O_PATH | O_DIRECTORY)
    removeTree(parent.number, name)
  }
}
