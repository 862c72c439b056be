/**
 * How a layer says "this is gone": the marks that overlayfs leaves in an upper directory and reads in a lower one.
 * Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories".
 *
 * | mark | means |
 * |---|---|
 * | a character device 0/0 | whiteout: the name does not exist, whatever lies below |
 * | `trusted.overlay.opaque` = `y` on a directory | nothing of the same directory below shows |
 * | `trusted.overlay.opaque` = `x` on a directory | it may hold whiteouts of the next kind (Linux 6.7) |
 * | `trusted.overlay.whiteout` on an empty file there | whiteout, made by who may not make devices |
 * | `trusted.overlay.redirect` on a directory | it was renamed: below it has this name, or this path |
 * | `trusted.overlay.metacopy` on a file | only its attributes are here; the content is below |
 *
 * A mark on the root directory of a layer has no effect. Reading and writing `trusted.*` needs CAP_SYS_ADMIN.
 */
import { AT_FDCWD, lsetxattr, mknodat, S_IFCHR } from '@mini-docker/syscall'
import type { FileStat, Pinned } from './pinned.ts'

export const XATTR_PREFIX = 'trusted.overlay.'
export const OPAQUE_XATTR = 'trusted.overlay.opaque'
export const WHITEOUT_XATTR = 'trusted.overlay.whiteout'
export const REDIRECT_XATTR = 'trusted.overlay.redirect'
export const METACOPY_XATTR = 'trusted.overlay.metacopy'

/** Whether a file is a whiteout of the first kind: a character device 0/0. */
export function isWhiteoutDevice(stat: Pick<FileStat, 'type' | 'rdev'>): boolean {
  return stat.type === 'char' && stat.rdev === 0
}

/** The value of a directory's opaque mark: `y`, `x`, or undefined. */
export function opaqueMark(directory: Pinned): 'y' | 'x' | undefined {
  const value = directory.directoryXattr(OPAQUE_XATTR)
  return value === 'y' || value === 'x' ? value : undefined
}

/** Whether `file`, the entry `name` of a directory whose opaque mark is `x`, is a whiteout of the second kind. */
export function isWhiteoutFile(directory: Pinned, name: string, file: Pinned): boolean {
  const { type, size } = file.stat
  return type === 'file' && size === 0 && directory.fileXattr(name, file, WHITEOUT_XATTR) !== undefined
}

/** Puts a whiteout at `path`. Needs CAP_MKNOD, or Linux ≥ 5.8 where 0/0 is free for all. */
export function createWhiteout(path: string): void {
  mknodat(AT_FDCWD, path, S_IFCHR, 0)
}

/** Marks the directory `path` opaque. Needs CAP_SYS_ADMIN. */
export function setOpaque(path: string): void {
  lsetxattr(path, OPAQUE_XATTR, Buffer.from('y'))
}
