/** Making one file of each kind under a name that must be free: what stands there is removed first, as the later entry wins. */
import { lstatSync } from 'node:fs'
import {
  invoke,
  makedev,
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_WRONLY,
  S_IFBLK,
  S_IFCHR,
  S_IFIFO,
  SyscallError,
  UserError,
} from '@mini-docker/syscall'
import { cName, showName, type TarHeader } from '../tar/index.ts'
import type { Directories } from './directories.ts'
import { cleanPath, nameOf, parentOf } from './path.ts'
import { removeTree } from './remove.ts'
import { childPath, kindAt, makeOpaque } from './whiteout.ts'

/** A new, empty file, open for writing, that only the caller may touch yet. */
export function makeFile(directories: Directories, path: string): number {
  const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
  return make(directories, path, (dirfd, name) => invoke('openat', dirfd, name, flags, 0o600))
}

/** A directory; one that is there already is kept with what is in it. */
export function makeDirectory(directories: Directories, path: string): void {
  const dirfd = directories.get(parentOf(path))
  const name = nameOf(path)
  try {
    invoke('mkdirat', dirfd, cName(name), 0o700)
    return
  } catch (error) {
    if (!exists(error)) throw error
  }
  const kind = kindAt(dirfd, name)
  if (kind === 'directory') return
  const parent = remove(directories, path)
  invoke('mkdirat', parent, cName(name), 0o700)
  // What the whiteout hid must stay hidden.
  if (kind === 'whiteout') makeOpaque(parent, name)
}

/** A symbolic link, whatever it says: it is only followed inside the container, or inside the tree. */
export function makeSymlink(directories: Directories, path: string, target: string): void {
  make(directories, path, (dirfd, name) => invoke('symlinkat', cName(target), dirfd, name))
}

/**
 * A second name for a file of the same layer.
 * @throws UserError when there is no such file, or it is a directory.
 */
export function makeHardlink(directories: Directories, path: string, linkname: string): void {
  const target = cleanPath(linkname)
  const targetDir = directories.find(parentOf(target))
  const kind = targetDir === undefined || target === '' ? 'absent' : kindAt(targetDir, nameOf(target))
  if (kind === 'absent' || kind === 'directory') {
    const why = kind === 'absent' ? 'which is not in the layer' : 'which is a directory'
    throw new UserError('invalid', `hard link ${showName(path)} to ${showName(linkname)}, ${why}`)
  }
  if (isSame(directories, path, target)) return
  make(directories, path, (dirfd, name) => {
    const from = directories.find(parentOf(target))
    if (from === undefined) throw new UserError('invalid', `hard link ${showName(path)} replaces its own target`)
    return invoke('linkat', from, cName(nameOf(target)), dirfd, name, 0)
  })
}

/** A device or fifo. Devices need CAP_MKNOD. */
export function makeNode(directories: Directories, path: string, header: TarHeader): void {
  if (header.major > 0xfff || header.minor > 0xfffff) {
    throw new UserError(
      'invalid',
      `device ${showName(path)} has the numbers ${header.major}:${header.minor}; Linux has 4095:1048575`,
    )
  }
  const type = header.type === 'char' ? S_IFCHR : header.type === 'block' ? S_IFBLK : S_IFIFO
  const device = header.type === 'fifo' ? 0 : makedev(header.major, header.minor)
  make(directories, path, (dirfd, name) => invoke('mknodat', dirfd, name, type | 0o600, device))
}

/** Makes what must not exist yet; tries first and looks afterwards, since nearly always nothing is there. */
function make(
  directories: Directories,
  path: string,
  create: (dirfd: number, name: string | Buffer) => number,
): number {
  const name = cName(nameOf(path))
  try {
    return create(directories.get(parentOf(path)), name)
  } catch (error) {
    if (!exists(error)) throw error
  }
  return create(remove(directories, path), name)
}

function exists(error: unknown): boolean {
  return error instanceof SyscallError && error.code === 'EEXIST'
}

/** Removes what stands there; returns the parent's descriptor, which may be another than before. */
function remove(directories: Directories, path: string): number {
  const dirfd = directories.get(parentOf(path))
  const kind = kindAt(dirfd, nameOf(path))
  removeTree(dirfd, nameOf(path))
  if (kind === 'directory' || kind === 'symlink') directories.forget()
  return directories.get(parentOf(path))
}

/** GNU tar writes a file that it is given twice as a hard link to itself. */
function isSame(directories: Directories, path: string, target: string): boolean {
  const [one, other] = [path, target].map((each) => {
    const dirfd = directories.get(parentOf(each))
    return lstatSync(childPath(dirfd, nameOf(each)), { bigint: true, throwIfNoEntry: false })
  })
  return one !== undefined && one.ino === other?.ino
}
