/** A mode as Go's fs.FileMode: the permission bits, and the type in bits of Go's own. See stat(2), inode(7). */
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFSOCK } from '@mini-docker/syscall'

const [DIRECTORY, SYMLINK, DEVICE, FIFO, SOCKET] = [2 ** 31, 2 ** 27, 2 ** 26, 2 ** 25, 2 ** 24]
const [SETUID, SETGID, CHARACTER, STICKY] = [2 ** 23, 2 ** 22, 2 ** 21, 2 ** 20]

const TYPES = new Map([
  [S_IFDIR, DIRECTORY],
  [S_IFLNK, SYMLINK],
  [S_IFBLK, DEVICE],
  [S_IFCHR, DEVICE + CHARACTER],
  [S_IFIFO, FIFO],
  [S_IFSOCK, SOCKET],
])

/** Of st_mode. */
export function encodeGoMode(mode: number): number {
  const special = (bit: number, go: number): number => ((mode & bit) === 0 ? 0 : go)
  return (
    (mode & 0o777) +
    (TYPES.get(mode & S_IFMT) ?? 0) +
    special(0o4000, SETUID) +
    special(0o2000, SETGID) +
    special(0o1000, STICKY)
  )
}
