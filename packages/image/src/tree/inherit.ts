/**
 * Directories that an archive uses without an entry for them, for example `tmp/x` alone: they exist in a layer below, and keep the
 * owner and mode that they have there. Layers are unpacked in any order, so this comes after, when those below are there.
 */
import { Buffer } from 'node:buffer'
import { fstatSync, type Stats } from 'node:fs'
import {
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  Fd,
  invoke,
  O_CLOEXEC,
  O_NOFOLLOW,
  O_PATH,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  SyscallError,
} from '@mini-docker/syscall'
import { cName } from '../tar/index.ts'
import { Directories } from './directories.ts'
import { nameOf, parentOf } from './path.ts'
import { kindAt } from './whiteout.ts'

/**
 * Gives the `implied` directories of a layer that was unpacked into `directory` (see `Applied`) the owner and mode that they have in
 * the topmost of the layers below, `lower`. What no layer has, or what is no directory there, stays as it is: root's, 0755.
 */
export function inheritDirectories(directory: string, implied: readonly string[], lower: readonly string[]): void {
  if (implied.length === 0 || lower.length === 0) return
  using directories = new Directories(directory)
  for (const path of implied) {
    const parent = directories.find(parentOf(path))
    const name = nameOf(path)
    const below = topmost(lower, path)
    // A later entry may have put something else there.
    if (parent === undefined || below === undefined || kindAt(parent, name) !== 'directory') continue
    invoke('fchownat', parent, cName(name), below.uid, below.gid, AT_SYMLINK_NOFOLLOW)
    invoke('fchmodat', parent, cName(name), below.mode & 0o7777)
  }
}

/** The directory in the topmost layer that has something of this name, if it is one. */
function topmost(lower: readonly string[], path: string): Stats | undefined {
  for (const layer of lower) {
    const stat = statIn(layer, path)
    if (stat !== undefined) return stat.isDirectory() ? stat : undefined
  }
  return undefined
}

function statIn(layer: string, path: string): Stats | undefined {
  using root = new Fd(invoke('openat', AT_FDCWD, layer, O_PATH | O_CLOEXEC, 0))
  try {
    using found = new Fd(invoke('openat2', root.number, cName(path), HOW, HOW.length))
    return fstatSync(found.number)
  } catch (error) {
    if (
      error instanceof SyscallError &&
      (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ELOOP')
    ) {
      return undefined
    }
    throw error
  }
}

/** struct open_how: flags, mode, resolve. */
const HOW = Buffer.alloc(24)
HOW.writeBigUInt64LE(BigInt(O_PATH | O_NOFOLLOW | O_CLOEXEC), 0)
HOW.writeBigUInt64LE(BigInt(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS), 16)
