/** Looking at one file of a tree: everything a tar header says. */
import { Buffer } from 'node:buffer'
import { lstatSync, readdirSync, readlinkSync } from 'node:fs'
import {
  invoke,
  major,
  minor,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  SyscallError,
} from '@mini-docker/syscall'
import { decodeName, NO_XATTRS, tarHeader, type TarHeader, type TarType } from '../tar/index.ts'
import { childPath, cPath } from './whiteout.ts'

/** A file and what identifies it; `links` counts its names. */
export type Found = { header: TarHeader; device: bigint; inode: bigint; links: bigint }

const TYPES = new Map<number, TarType>([
  [S_IFREG, 'file'],
  [S_IFDIR, 'directory'],
  [S_IFLNK, 'symlink'],
  [S_IFCHR, 'char'],
  [S_IFBLK, 'block'],
  [S_IFIFO, 'fifo'],
])

/** What stands under `name` of an open directory, called `path` in the archive; undefined for sockets, which tar cannot hold. */
export function inspect(dirfd: number, name: string, path: string): Found | undefined {
  const file = childPath(dirfd, name)
  const stat = lstatSync(file, { bigint: true })
  const type = TYPES.get(Number(stat.mode) & S_IFMT)
  if (type === undefined) return undefined
  const device = type === 'char' || type === 'block' ? Number(stat.rdev) : 0
  const header = tarHeader({
    type,
    path,
    mode: Number(stat.mode) & 0o7777,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    size: type === 'file' ? Number(stat.size) : 0,
    mtimeNs: stat.mtimeNs,
    linkname: type === 'symlink' ? decodeName(readlinkSync(file, { encoding: 'buffer' })) : '',
    major: major(device),
    minor: minor(device),
    xattrs: readXattrs(cPath(file)),
  })
  return { header, device: stat.dev, inode: stat.ino, links: stat.nlink }
}

/** The names in an open directory, in the order of their bytes. */
export function list(dirfd: number): string[] {
  const names = readdirSync(`/proc/self/fd/${dirfd}`, { encoding: 'buffer' })
  return names.toSorted((a, b) => Buffer.compare(a, b)).map((name) => decodeName(name))
}

/** One attribute's bytes are at most 64 KiB (XATTR_SIZE_MAX), all names together too; see xattr(7). */
const room = Buffer.alloc(65_536)

function readXattrs(path: string | Buffer): ReadonlyMap<string, Uint8Array> {
  const used = orZero(() => invoke('llistxattr', path, room, room.length))
  if (used === 0) return NO_XATTRS
  const names = room.toString('utf8', 0, used).split('\0').slice(0, -1)
  const xattrs = new Map<string, Uint8Array>()
  for (const name of names.toSorted()) {
    // A label of this machine's policy.
    if (name === 'security.selinux') continue
    xattrs.set(name, Buffer.from(room.subarray(0, invoke('lgetxattr', path, name, room, room.length))))
  }
  return xattrs
}

/** A filesystem without attributes has none. */
function orZero(read: () => number): number {
  try {
    return read()
  } catch (error) {
    if (error instanceof SyscallError && error.code === 'EOPNOTSUPP') return 0
    throw error
  }
}
