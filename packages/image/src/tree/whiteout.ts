/**
 * What a layer takes away from the layers below. In an archive: an empty file `.wh.NAME` beside where NAME was, and
 * `.wh..wh..opq` in a directory of which nothing below is to be seen (OCI image-spec layer.md). In an overlay lower or
 * upper: a character device 0/0 called NAME, and the attribute trusted.overlay.opaque=y (kernel overlayfs.rst).
 */
import { Buffer } from 'node:buffer'
import { lstatSync } from 'node:fs'
import { invoke, S_IFCHR, S_IFMT, UserError } from '@mini-docker/syscall'
import { cName, encodeName, showName } from '../tar/index.ts'
import { nameOf } from './path.ts'

export const WHITEOUT_PREFIX = '.wh.'
export const OPAQUE_MARKER = '.wh..wh..opq'
export const OPAQUE_XATTR = 'trusted.overlay.opaque'

/** What the name of an archive's entry means. `metadata` is AUFS's own bookkeeping, which nobody else needs. */
export type LayerName =
  | { kind: 'entry' }
  | { kind: 'whiteout'; name: string }
  | { kind: 'opaque' }
  | { kind: 'metadata' }

/** @throws UserError for whiteouts of nothing, of `.` or `..`, and for paths that go through one. */
export function parseLayerName(path: string): LayerName {
  if (!path.includes(WHITEOUT_PREFIX)) return ENTRY
  const name = nameOf(path)
  const components = path.split('/')
  if (name === OPAQUE_MARKER) return { kind: 'opaque' }
  if (components.some((component) => component.startsWith('.wh..wh.'))) return { kind: 'metadata' }
  if (components.slice(0, -1).some((component) => component.startsWith(WHITEOUT_PREFIX))) {
    throw new UserError('invalid', `path ${showName(path)} goes through a whiteout`)
  }
  if (!name.startsWith(WHITEOUT_PREFIX)) return ENTRY
  const target = name.slice(WHITEOUT_PREFIX.length)
  // `.wh...` would name the parent directory.
  if (target === '' || target === '.' || target === '..') {
    throw new UserError('invalid', `whiteout ${showName(path)} names no file`)
  }
  return { kind: 'whiteout', name: target }
}

const ENTRY: LayerName = { kind: 'entry' }

/** Hides `name` of the layers below. Needs no privilege since Linux 5.8. */
export function makeWhiteout(dirfd: number, name: string): void {
  invoke('mknodat', dirfd, cName(name), S_IFCHR, 0)
}

/** Hides what the layers below have in the directory `name` of an open directory, or in that itself. Needs CAP_SYS_ADMIN. */
export function makeOpaque(dirfd: number, name = '.'): void {
  invoke('lsetxattr', cPath(childPath(dirfd, name)), OPAQUE_XATTR, Buffer.from('y'), 1, 0)
}

/** What stands under a name: nothing, a whiteout, a directory, or anything else. Follows no link. */
export function kindAt(dirfd: number, name: string): 'absent' | 'whiteout' | 'directory' | 'symlink' | 'other' {
  const stat = lstatSync(childPath(dirfd, name), { throwIfNoEntry: false })
  if (stat === undefined) return 'absent'
  if (stat.isDirectory()) return 'directory'
  if (stat.isSymbolicLink()) return 'symlink'
  return (stat.mode & S_IFMT) === S_IFCHR && stat.rdev === 0 ? 'whiteout' : 'other'
}

/** A name in an open directory as a path for calls that take no descriptor. The last component is not followed by the l-calls. */
export function childPath(dirfd: number, name: string): string | Buffer {
  const prefix = `/proc/self/fd/${dirfd}/`
  return name.isWellFormed() ? prefix + name : Buffer.concat([Buffer.from(prefix), encodeName(name)])
}

/** A path of `childPath` as a system call takes it: bytes need their NUL. */
export function cPath(path: string | Buffer): string | Buffer {
  return typeof path === 'string' ? path : Buffer.concat([path, Buffer.of(0)])
}
