/** Removing a tree of any depth, by descriptors. See unlinkat(2). */
import { readdirSync } from 'node:fs'
import {
  AT_REMOVEDIR,
  Fd,
  invoke,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  SyscallError,
} from '@mini-docker/syscall'
import { cName, decodeName } from '../tar/index.ts'

/**
 * Removes `name` and all that is in it. Follows no link. Holds one descriptor however deep the tree is, since an archive
 * can nest deeper than a process may have files open, or than PATH_MAX.
 */
export function removeTree(dirfd: number, name: string): void {
  if (unlink(dirfd, name)) return
  let directory = openDirectory(dirfd, name)
  try {
    const levels = [{ name, left: list(directory) }]
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const child = level.left.pop()
      if (child === undefined) {
        levels.pop()
        if (levels.length > 0) directory = move(directory, '..')
        invoke('unlinkat', levels.length > 0 ? directory.number : dirfd, cName(level.name), AT_REMOVEDIR)
      } else if (!unlink(directory.number, child)) {
        directory = move(directory, child)
        levels.push({ name: child, left: list(directory) })
      }
    }
  } finally {
    directory[Symbol.dispose]()
  }
}

/** False for a directory. */
function unlink(dirfd: number, name: string): boolean {
  try {
    invoke('unlinkat', dirfd, cName(name), 0)
    return true
  } catch (error) {
    if (error instanceof SyscallError && error.code === 'EISDIR') return false
    throw error
  }
}

function openDirectory(dirfd: number, name: string): Fd {
  return new Fd(invoke('openat', dirfd, cName(name), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0))
}

function move(from: Fd, name: string): Fd {
  const to = openDirectory(from.number, name)
  from[Symbol.dispose]()
  return to
}

function list(directory: Fd): string[] {
  return readdirSync(`/proc/self/fd/${directory.number}`, { encoding: 'buffer' }).map((name) => decodeName(name))
}
