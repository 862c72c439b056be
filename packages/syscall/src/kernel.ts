/**
 * The system calls Node's fs module lacks, as typed functions. Synchronous; each throws `SyscallError`.
 * Paths that come from an image are walked with `openInRoot`: the kernel itself keeps them inside.
 */
import {
  AT_EMPTY_PATH,
  AT_SYMLINK_NOFOLLOW,
  O_CLOEXEC,
  O_PATH,
  RESOLVE_BENEATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
} from './constants.ts'
import { SyscallError } from './error.ts'
import { invoke } from './ffi.ts'
import { packStruct } from './pack.ts'

/** An open file descriptor with a lifetime: `using dir = openInRoot(…)`. */
export class Fd implements Disposable {
  readonly number: number
  #open = true
  constructor(number: number) {
    this.number = number
  }
  [Symbol.dispose](): void {
    if (!this.#open) return
    this.#open = false
    invoke('close', this.number)
  }
}

/** openat(2). `dirfd` is an open directory or AT_FDCWD. O_CLOEXEC is added. */
export function openat(dirfd: number, path: string, flags: number, mode = 0): Fd {
  return new Fd(invoke('openat', dirfd, path, flags | O_CLOEXEC, mode))
}

/**
 * openat2(2) with RESOLVE_IN_ROOT: `path` is walked as if `rootFd` were `/`, so that no `..`, absolute or magic link of a
 * hostile image leads out of it. Linux ≥ 5.6.
 */
export function openInRoot(rootFd: number, path: string, flags: number = O_PATH, mode = 0, resolve: number = 0): Fd {
  const how = packStruct('open_how', {
    flags: flags | O_CLOEXEC,
    mode,
    resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve,
  })
  return new Fd(invoke('openat2', rootFd, path, how, how.length))
}

/** openat2(2) with RESOLVE_BENEATH: EXDEV when `path`, by `..` or a symbolic link, would leave the directory, even for a moment. */
export function openBeneath(dirFd: number, path: string, flags: number = O_PATH): Fd {
  const how = packStruct('open_how', { flags: flags | O_CLOEXEC, resolve: RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS })
  return new Fd(invoke('openat2', dirFd, path, how, how.length))
}

/** mkdirat(2). */
export function mkdirat(dirfd: number, path: string, mode: number): void {
  invoke('mkdirat', dirfd, path, mode)
}

/** mknodat(2): a device, fifo or socket node. Devices need CAP_MKNOD. `mode` with its S_IF type bits, `dev` by makedev(). */
export function mknodat(dirfd: number, path: string, mode: number, dev = 0): void {
  invoke('mknodat', dirfd, path, mode, dev)
}

/** symlinkat(2): `path` under `dirfd` becomes a link to `target`. */
export function symlinkat(target: string, dirfd: number, path: string): void {
  invoke('symlinkat', target, dirfd, path)
}

/** linkat(2) that follows no symbolic link. */
export function linkat(oldDirfd: number, oldPath: string, newDirfd: number, newPath: string, flags = 0): void {
  invoke('linkat', oldDirfd, oldPath, newDirfd, newPath, flags)
}

/** unlinkat(2); `flags` AT_REMOVEDIR for a directory. */
export function unlinkat(dirfd: number, path: string, flags = 0): void {
  invoke('unlinkat', dirfd, path, flags)
}

/** renameat2(2). */
export function renameat2(oldDirfd: number, oldPath: string, newDirfd: number, newPath: string, flags = 0): void {
  invoke('renameat2', oldDirfd, oldPath, newDirfd, newPath, flags)
}

/** fchownat(2) on the name itself, never through a symbolic link. Clears setuid bits: chmod afterwards. */
export function lchownat(dirfd: number, path: string, uid: number, gid: number): void {
  invoke('fchownat', dirfd, path, uid, gid, AT_SYMLINK_NOFOLLOW)
}

/** fchmodat(2). Follows a symbolic link: only on names known to be none. */
export function fchmodat(dirfd: number, path: string, mode: number): void {
  invoke('fchmodat', dirfd, path, mode)
}

/** utimensat(2) on the name itself. Times in nanoseconds since the epoch. */
export function lutimensat(dirfd: number, path: string, atimeNs: bigint, mtimeNs: bigint): void {
  const times = packStruct('timespec2', {
    atime_sec: floorDiv(atimeNs),
    atime_nsec: atimeNs - floorDiv(atimeNs) * NS,
    mtime_sec: floorDiv(mtimeNs),
    mtime_nsec: mtimeNs - floorDiv(mtimeNs) * NS,
  })
  invoke('utimensat', dirfd, path, times, AT_SYMLINK_NOFOLLOW)
}

const NS = 1_000_000_000n

/** Seconds of a time before 1970 round down too: the kernel wants 0 ≤ nsec < 10⁹. */
function floorDiv(ns: bigint): bigint {
  return ns >= 0n ? ns / NS : -((-ns + NS - 1n) / NS)
}

/** lsetxattr(2). */
export function lsetxattr(path: string, name: string, value: Uint8Array, flags = 0): void {
  invoke('lsetxattr', path, name, value, value.length, flags)
}

/** lgetxattr(2): the value, or undefined where the attribute does not exist or the filesystem has none. */
export function lgetxattr(path: string, name: string): Uint8Array | undefined {
  return absent(() => {
    const size = invoke('lgetxattr', path, name, null, 0)
    const value = Buffer.alloc(size)
    return value.subarray(0, invoke('lgetxattr', path, name, value, value.length))
  })
}

/** llistxattr(2): the names of all extended attributes. */
export function llistxattr(path: string): string[] {
  const size = absent(() => invoke('llistxattr', path, null, 0)) ?? 0
  if (size === 0) return []
  const list = Buffer.alloc(size)
  const used = invoke('llistxattr', path, list, list.length)
  return list
    .toString('utf8', 0, used)
    .split('\0')
    .filter((name) => name !== '')
}

/** lremovexattr(2). */
export function lremovexattr(path: string, name: string): void {
  invoke('lremovexattr', path, name)
}

/** flock(2). False when LOCK_NB was given and another holds the lock. */
export function flock(fd: number, operation: number): boolean {
  try {
    invoke('flock', fd, operation)
    return true
  } catch (error) {
    if (error instanceof SyscallError && error.code === 'EAGAIN') return false
    throw error
  }
}

/** sendfile's younger brother, copy_file_range(2), for whole files: returns the bytes copied. */
export function copyFileRange(fromFd: number, toFd: number, bytes: number): number {
  return invoke('copy_file_range', fromFd, null, toFd, null, bytes, 0)
}

/** syncfs(2): everything written to the filesystem of `fd` is on the disk afterwards. */
export function syncfs(fd: number): void {
  invoke('syncfs', fd)
}

/** ioctl(2) with a buffer that the kernel reads or fills. */
export function ioctl(fd: number, request: number, argument: Uint8Array): void {
  invoke('ioctl', fd, request, argument)
}

/** pidfd_open(2): a descriptor that means this process for as long as it is held, whatever happens to the number. */
export function pidfdOpen(pid: number): Fd {
  return new Fd(invoke('pidfd_open', pid, 0))
}

/** pidfd_send_signal(2). */
export function pidfdSendSignal(pidfd: number, signal: number): void {
  invoke('pidfd_send_signal', pidfd, signal, null, 0)
}

/** chown(2) of an open descriptor, O_PATH ones included. */
export function chownFd(fd: number, uid: number, gid: number): void {
  invoke('fchownat', fd, '', uid, gid, AT_EMPTY_PATH)
}

/** ENODATA: no such attribute. ENOTSUP: the filesystem has no extended attributes. */
function absent<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof SyscallError && (error.code === 'ENODATA' || error.code === 'EOPNOTSUPP')) return undefined
    throw error
  }
}
