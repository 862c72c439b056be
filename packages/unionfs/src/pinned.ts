/**
 * A file held by an O_PATH descriptor: whatever happens to its name afterwards, this is the file that was looked at.
 * A running container may swap a directory for a symbolic link at any moment, so nothing here goes through two components
 * of a path at once, and no symbolic link is ever followed. open(2), openat(2), proc(5) "/proc/PID/fd".
 *
 * Names are kept as binary strings, one character a byte: Linux names need not be UTF-8.
 */
import { closeSync, fstatSync, openSync, readdirSync, type Dirent } from 'node:fs'
import {
  invoke,
  lgetxattr,
  O_NOCTTY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  SyscallError,
  UserError,
} from '@mini-docker/syscall'

export type FileType = 'file' | 'directory' | 'symlink' | 'char' | 'block' | 'fifo' | 'socket'

/** What fstat(2) says, in the words of this package. */
export type FileStat = {
  type: FileType
  /** Permission bits with setuid, setgid and sticky: 0 to 0o7777. */
  mode: number
  uid: number
  gid: number
  /** In bytes; of a symbolic link, the length of its target. */
  size: number
  /** In bytes, of the disk: less than `size` where the file has holes. */
  allocated: number
  /** The device number of a `char` or `block`, for mknod(2). */
  rdev: number
  mtimeNs: bigint
  nlink: number
  dev: bigint
  ino: bigint
}

/** UTF-8 text as a binary string. */
export function fromText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** A binary string as UTF-8 text; bytes that are not UTF-8 become U+FFFD. */
export function toText(binary: string): string {
  return Buffer.from(binary, 'latin1').toString('utf8')
}

/** A binary string as bytes, for the functions of node:fs. */
export function toBytes(binary: string): Buffer {
  return Buffer.from(binary, 'latin1')
}

export class Pinned implements Disposable {
  readonly fd: number
  readonly stat: FileStat
  #open = true
  /** A lookup asks the same directory for the same mark at each of its entries. */
  readonly #xattrs = new Map<string, string | undefined>()

  private constructor(fd: number) {
    this.fd = fd
    this.stat = readStat(fd)
  }

  /** A directory of the host, by its path: the root of a layer. Here, and only here, symbolic links count. @throws UserError `not-found`. */
  static root(path: string): Pinned {
    try {
      return new Pinned(openSync(`${path}/.`, O_PATH))
    } catch (error) {
      if (!isErrno(error, 'ENOENT') && !isErrno(error, 'ENOTDIR')) throw error
      throw new UserError('not-found', `the layer ${path} is not a directory`, { cause: error })
    }
  }

  /** The entry `name` of this directory itself, or undefined where there is none. */
  child(name: string): Pinned | undefined {
    try {
      return new Pinned(openSync(this.#below(name), O_PATH | O_NOFOLLOW))
    } catch (error) {
      if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR') || isErrno(error, 'ENAMETOOLONG')) return undefined
      throw error
    }
  }

  /** What a directory holds, unsorted. */
  list(): Dirent<Buffer>[] {
    return readdirSync(`${this.path}/.`, { withFileTypes: true, encoding: 'buffer' })
  }

  /** Where a symbolic link leads, as a binary string. */
  readlink(): string {
    const target = Buffer.alloc(4096)
    return target.toString('latin1', 0, invoke('readlinkat', this.fd, '', target, target.length))
  }

  /**
   * An extended attribute of a directory, or undefined. Attributes `trusted.*` are only seen with CAP_SYS_ADMIN.
   * The `/.` makes the kernel step through the descriptor; a file cannot be asked this way.
   */
  directoryXattr(name: string): string | undefined {
    if (!this.#xattrs.has(name)) {
      const value = lgetxattr(`${this.path}/.`, name)
      this.#xattrs.set(name, value === undefined ? undefined : Buffer.from(value).toString('latin1'))
    }
    return this.#xattrs.get(name)
  }

  /** An extended attribute of `file`, a regular file with this `name` in this directory. */
  fileXattr(name: string, file: Pinned, attribute: string): Uint8Array | undefined {
    const text = toText(name)
    if (fromText(text) === name) return lgetxattr(`${this.path}/${text}`, attribute)
    // A name that is no text cannot be handed to the call: then the file has to be opened.
    using opened = openDescriptor(file.path, O_RDONLY | O_NOCTTY | O_NONBLOCK)
    return descriptorXattr(opened.fd, attribute)
  }

  /** The descriptor as a path. Opening it for reading opens this very file. */
  get path(): string {
    return `/proc/self/fd/${this.fd}`
  }

  [Symbol.dispose](): void {
    if (!this.#open) return
    this.#open = false
    closeSync(this.fd)
  }

  #below(name: string): Buffer {
    return toBytes(`${this.path}/${name}`)
  }
}

/** An open descriptor that ends with its block; `path` is a binary string. O_CLOEXEC is added. */
export function openDescriptor(path: string, flags: number, mode = 0): Disposable & { readonly fd: number } {
  const fd = openSync(toBytes(path), flags, mode)
  return { fd, [Symbol.dispose]: () => closeSync(fd) }
}

/** fgetxattr(2): the value, or undefined where there is none. */
export function descriptorXattr(fd: number, attribute: string): Buffer | undefined {
  try {
    const value = Buffer.alloc(invoke('fgetxattr', fd, attribute, null, 0))
    return value.subarray(0, invoke('fgetxattr', fd, attribute, value, value.length))
  } catch (error) {
    if (isErrno(error, 'ENODATA') || isErrno(error, 'EOPNOTSUPP')) return undefined
    throw error
  }
}

/** Whether an error of node:fs or of a system call has this code. */
export function isErrno(error: unknown, code: string): boolean {
  if (error instanceof SyscallError) return error.code === code
  return error instanceof Error && 'code' in error && error.code === code
}

function readStat(fd: number): FileStat {
  const stat = fstatSync(fd, { bigint: true })
  return {
    type: TYPES[Number(stat.mode >> 12n)] ?? 'file',
    mode: Number(stat.mode & 0o7777n),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    size: Number(stat.size),
    allocated: Number(stat.blocks) * 512,
    rdev: Number(stat.rdev),
    mtimeNs: stat.mtimeNs,
    nlink: Number(stat.nlink),
    dev: stat.dev,
    ino: stat.ino,
  }
}

/** The type nibble of a mode, inode(7). */
const TYPES: Record<number, FileType> = {
  0o01: 'fifo',
  0o02: 'char',
  0o04: 'directory',
  0o06: 'block',
  0o10: 'file',
  0o12: 'symlink',
  0o14: 'socket',
}
