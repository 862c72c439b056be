/** Owner, attributes, mode and times of a file just made, in the one order that keeps them. */
import { Buffer } from 'node:buffer'
import { chmodSync, fstatSync } from 'node:fs'
import {
  AT_SYMLINK_NOFOLLOW,
  Fd,
  invoke,
  O_CLOEXEC,
  O_NOFOLLOW,
  O_PATH,
  SyscallError,
  UserError,
} from '@mini-docker/syscall'
import { cName, showName, type TarHeader } from '../tar/index.ts'
import { childPath, cPath } from './whiteout.ts'

/** A name in an open directory. */
export type Place = { dirfd: number; name: string }

/** Told of an attribute that the filesystem does not take; the file is there without it. */
export type OnSkipped = (attribute: string, code: string) => void

/** Sets owner, then attributes, then mode. Follows no link. */
export function setOwnerAndMode({ dirfd, name }: Place, header: TarHeader, onSkipped: OnSkipped): void {
  checkOwner(header)
  // chown takes away setuid, setgid and file capabilities: the others come after.
  invoke('fchownat', dirfd, cName(name), header.uid, header.gid, AT_SYMLINK_NOFOLLOW)
  if (header.xattrs.size > 0) {
    // lsetxattr has no *at() form before Linux 6.13.
    const path = cPath(childPath(dirfd, name))
    setXattrs(header, onSkipped, (key, value) => invoke('lsetxattr', path, key, value, value.length, 0))
  }
  // A link has no mode of its own, and fchmodat would follow it.
  if (header.type !== 'symlink') setMode({ dirfd, name }, header.mode)
}

/** fchmodat(2) follows a link, and in a container's tree one can have come in the file's place: so by a descriptor of the file itself. */
function setMode({ dirfd, name }: Place, mode: number): void {
  using file = new Fd(invoke('openat', dirfd, cName(name), O_PATH | O_NOFOLLOW | O_CLOEXEC, 0))
  if (!fstatSync(file.number).isSymbolicLink()) chmodSync(`/proc/self/fd/${file.number}`, mode)
}

/** The same for an open file, whose content must be complete: writing takes capabilities away. */
export function setOwnerAndModeOfFile(fd: number, header: TarHeader, onSkipped: OnSkipped): void {
  checkOwner(header)
  invoke('fchown', fd, header.uid, header.gid)
  if (header.xattrs.size > 0) {
    setXattrs(header, onSkipped, (key, value) => invoke('fsetxattr', fd, key, value, value.length, 0))
  }
  invoke('fchmod', fd, header.mode)
}

/** Sets access and modification time. Follows no link. A directory's must wait until nothing is made in it any more. */
export function setTimes({ dirfd, name }: Place, times: Pick<TarHeader, 'atimeNs' | 'mtimeNs'>): void {
  invoke('utimensat', dirfd, cName(name), timespecs(times), AT_SYMLINK_NOFOLLOW)
}

/** The same for an open file: futimens(3). */
export function setTimesOfFile(fd: number, times: Pick<TarHeader, 'atimeNs' | 'mtimeNs'>): void {
  invoke('utimensat', fd, null, timespecs(times), 0)
}

/** uid and gid −1 mean "leave as it is" to the kernel. */
function checkOwner({ uid, gid, path }: TarHeader): void {
  if (uid < 0xffffffff && gid < 0xffffffff) return
  throw new UserError('invalid', `${showName(path)} belongs to ${uid}:${gid}, which no user can have`)
}

/** The overlay's own attributes come only from whiteouts: an archive could redirect a directory to another with them. */
function setXattrs(header: TarHeader, onSkipped: OnSkipped, set: (key: string, value: Uint8Array) => void): void {
  for (const [key, value] of header.xattrs) {
    if (key.startsWith('trusted.overlay.') || key.startsWith('user.overlay.')) continue
    try {
      set(key, value)
    } catch (error) {
      // What docker does: user.* on a link or device is EPERM, on a filesystem without attributes EOPNOTSUPP.
      if (!(error instanceof SyscallError) || !SKIPPED.has(error.code)) throw error
      onSkipped(key, error.code)
    }
  }
}

const SKIPPED = new Set<string>(['EPERM', 'EOPNOTSUPP'])

const NS = 1_000_000_000n
const times = Buffer.alloc(32)

/** struct timespec[2]: access, modification. The buffer is used again by the next call. */
function timespecs({ atimeNs, mtimeNs }: Pick<TarHeader, 'atimeNs' | 'mtimeNs'>): Buffer {
  writeTimespec(atimeNs ?? mtimeNs, 0)
  writeTimespec(mtimeNs, 16)
  return times
}

/** The kernel wants 0 ≤ nanoseconds < 10⁹, so seconds round to the past. */
function writeTimespec(ns: bigint, offset: number): void {
  const rest = ((ns % NS) + NS) % NS
  times.writeBigInt64LE((ns - rest) / NS, offset)
  times.writeBigInt64LE(rest, offset + 8)
}
