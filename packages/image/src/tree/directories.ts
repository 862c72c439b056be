/**
 * The directories of a tree that is being filled, as open descriptors. Every path is walked by the kernel with the tree
 * as its root (openat2(2), RESOLVE_IN_ROOT), so that a symbolic link in the tree, whatever it says, leads to a place in
 * the tree. The last ones used stay open, since an archive is mostly in the order of its directories.
 */
import { Buffer } from 'node:buffer'
import { chmodSync } from 'node:fs'
import {
  AT_FDCWD,
  Fd,
  invoke,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  openat,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  SyscallError,
  UserError,
} from '@mini-docker/syscall'
import { cName, showName } from '../tar/index.ts'
import { nameOf, parentOf } from './path.ts'
import { kindAt, makeOpaque } from './whiteout.ts'

const OPEN_AT_ONCE = 64
const MISSING = new Set<string>(['ENOENT', 'ENOTDIR', 'ELOOP'])

export class Directories implements Disposable {
  readonly #root: Fd
  readonly #open = new Map<string, Fd>()
  #lastPath = ''
  #last: Fd

  /** Directories that were made because something lies in them, parents first: nobody has said yet whose they are. */
  readonly implied = new Set<string>()

  constructor(root: string) {
    this.#root = openat(AT_FDCWD, root, O_PATH | O_DIRECTORY)
    this.#last = this.#root
  }

  /**
   * The descriptor of a directory, which is made with its parents when it is missing. A symbolic link to a directory is
   * followed within the tree. Valid until a few others have been asked for.
   * @throws UserError when the way leads through something else.
   */
  get(path: string): number {
    if (path === this.#lastPath) return this.#last.number
    let fd = path === '' ? this.#root : this.#open.get(path)
    if (fd === undefined) {
      fd = this.#enter(path)
      if (this.#open.size >= OPEN_AT_ONCE) this.#closeOldest()
    } else {
      this.#open.delete(path)
    }
    if (path !== '') this.#open.set(path, fd)
    this.#lastPath = path
    this.#last = fd
    return fd.number
  }

  /** The same for a directory that must be there already; undefined where it is not. */
  find(path: string): number | undefined {
    if (path === '' || this.#open.has(path)) return this.get(path)
    try {
      this.#walk(path)[Symbol.dispose]()
    } catch (error) {
      if (error instanceof SyscallError && MISSING.has(error.code)) return undefined
      throw error
    }
    return this.get(path)
  }

  /** Says that a directory or link was removed: what paths meant may have changed. */
  forget(): void {
    for (const fd of this.#open.values()) fd[Symbol.dispose]()
    this.#open.clear()
    this.#lastPath = ''
    this.#last = this.#root
  }

  [Symbol.dispose](): void {
    this.forget()
    this.#root[Symbol.dispose]()
  }

  #enter(path: string): Fd {
    try {
      return this.#walk(path)
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return this.#make(path)
      if (error.code !== 'ELOOP') throw error
      throw new UserError('invalid', `directory ${showName(path)}: too many symbolic links`, { cause: error })
    }
  }

  #make(path: string): Fd {
    const parent = this.get(parentOf(path))
    const name = nameOf(path)
    const kind = kindAt(parent, name)
    if (kind === 'symlink') throw new UserError('invalid', `${showName(path)} is a symbolic link to no directory`)
    if (kind === 'directory' || kind === 'other') {
      if (kind === 'directory') return this.#walk(path)
      throw new UserError('invalid', `${showName(path)} is no directory, yet the archive puts files into it`)
    }
    // A directory where a whiteout stands: all of it is new.
    if (kind === 'whiteout') invoke('unlinkat', parent, cName(name), 0)
    invoke('mkdirat', parent, cName(name), 0o755)
    if (kind !== 'whiteout') this.implied.add(path)
    const made = this.#walk(path)
    // Independent of the umask. By the descriptor: in a tree that is in use, the name may be another file's by now.
    chmodSync(`/proc/self/fd/${made.number}`, 0o755)
    if (kind === 'whiteout') makeOpaque(made.number)
    return made
  }

  #walk(path: string): Fd {
    return new Fd(invoke('openat2', this.#root.number, cName(path), HOW, HOW.length))
  }

  #closeOldest(): void {
    for (const [path, fd] of this.#open) {
      fd[Symbol.dispose]()
      this.#open.delete(path)
      return
    }
  }
}

/** struct open_how: flags, mode, resolve. */
const HOW = Buffer.alloc(24)
HOW.writeBigUInt64LE(BigInt(O_PATH | O_DIRECTORY | O_CLOEXEC), 0)
HOW.writeBigUInt64LE(BigInt(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS), 16)
