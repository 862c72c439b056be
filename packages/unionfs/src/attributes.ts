/** Owner, mode, extended attributes and times of a copied file: chown(2), chmod(2), xattr(7), utimensat(2). */
import { chmodSync, closeSync, lutimesSync, openSync } from 'node:fs'
import {
  chownFd,
  invoke,
  lgetxattr,
  llistxattr,
  lsetxattr,
  lutimensat,
  O_NOCTTY,
  O_NONBLOCK,
  O_RDONLY,
  SyscallError,
} from '@mini-docker/syscall'
import { XATTR_PREFIX } from './marks.ts'
import { descriptorXattr, fromText, toBytes, toText, type Pinned } from './pinned.ts'

/** One side of a copy: the file itself, and the directory and name it has. */
export type Place = { file: Pinned; directory: Pinned; name: string }

/**
 * Makes the attributes of `to` those of `from`, and returns how many extended attributes the target filesystem refused.
 * The order matters: chown clears setuid bits and file capabilities, and any later change moves the times.
 */
export function copyAttributes(from: Place, to: Place): number {
  const { uid, gid, mode, type, mtimeNs } = from.file.stat
  chownFd(to.file.fd, uid, gid)
  const lost = copyXattrs(from, to)
  if (type !== 'symlink') chmodSync(to.file.path, mode)
  if (isUtf8(to.name)) lutimensat(to.directory.fd, toText(to.name), mtimeNs, mtimeNs)
  else lutimesSync(toBytes(`${to.directory.path}/${to.name}`), Number(mtimeNs) / 1e9, Number(mtimeNs) / 1e9)
  return lost
}

/** Marks of the overlay itself stay behind: the copy is no layer. */
function copyXattrs(from: Place, to: Place): number {
  let lost = 0
  using source = xattrsOf(from)
  using target = xattrsOf(to)
  if (source === undefined || target === undefined) return 0
  for (const name of source.list()) {
    if (name.startsWith(XATTR_PREFIX)) continue
    const value = source.get(name)
    if (value === undefined) continue
    try {
      target.set(name, value)
    } catch (error) {
      if (!(error instanceof SyscallError && (error.code === 'EOPNOTSUPP' || error.code === 'EPERM'))) throw error
      lost += 1
    }
  }
  return lost
}

/** The extended attributes of one file, by whichever way leads to exactly this one. */
type Xattrs = Disposable & {
  list(): string[]
  get(name: string): Uint8Array | undefined
  set(name: string, value: Uint8Array): void
}

/** Files and directories are opened; the others can't be, and go by their name, if it is UTF-8. */
function xattrsOf({ file, directory, name }: Place): Xattrs | undefined {
  if (file.stat.type === 'file' || file.stat.type === 'directory') {
    return xattrsOfDescriptor(
      openSync(`${file.path}${file.stat.type === 'directory' ? '/.' : ''}`, O_RDONLY | O_NOCTTY | O_NONBLOCK),
    )
  }
  return isUtf8(name) ? xattrsOfName(`${directory.path}/${toText(name)}`) : undefined
}

function xattrsOfDescriptor(fd: number): Xattrs {
  return {
    list: () => {
      const names = Buffer.alloc(invoke('flistxattr', fd, null, 0))
      if (names.length === 0) return []
      return names
        .toString('utf8', 0, invoke('flistxattr', fd, names, names.length))
        .split('\0')
        .filter((name) => name !== '')
    },
    get: (name) => descriptorXattr(fd, name),
    set: (name, value) => void invoke('fsetxattr', fd, name, value, value.length, 0),
    [Symbol.dispose]: () => closeSync(fd),
  }
}

function xattrsOfName(path: string): Xattrs {
  return {
    list: () => llistxattr(path),
    get: (name) => lgetxattr(path, name),
    set: (name, value) => lsetxattr(path, name, value),
    [Symbol.dispose]: () => undefined,
  }
}

/** Whether a name is text: only then can it be handed to a system call as a string. */
export function isUtf8(name: string): boolean {
  return fromText(toText(name)) === name
}
