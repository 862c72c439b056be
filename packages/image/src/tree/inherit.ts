/** Directories that an archive uses without an entry for them, for example `tmp/x` alone: they exist below and keep their owner and mode. */
import { Buffer } from 'node:buffer'
import { fstatSync } from 'node:fs'
import {
  AT_FDCWD,
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

export type Ownership = { uid: number; gid: number; mode: number }

/** Owner and mode of `path` in the topmost of the layers that has it, if it is a directory there; else the caller's, and 0755. */
export function inherited(lower: readonly string[], path: string): Ownership {
  for (const layer of lower) {
    const stat = statIn(layer, path)
    if (stat === undefined) continue
    if (!stat.isDirectory()) break
    return { uid: stat.uid, gid: stat.gid, mode: stat.mode & 0o7777 }
  }
  return { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0, mode: 0o755 }
}

function statIn(layer: string, path: string) {
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
