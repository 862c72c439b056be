/**
 * The walk of `packTree`. The tree may belong to a running container: every file is reached by descriptors, no link is
 * followed, and what is read is checked to be what was looked at.
 */
import { Buffer } from 'node:buffer'
import { fstatSync, readSync } from 'node:fs'
import {
  Fd,
  invoke,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  UserError,
} from '@mini-docker/syscall'
import { cName, showName, tarHeader, TarWriter, type Extent, type TarHeader } from '../tar/index.ts'
import { findExtents } from './holes.ts'
import { inspect, list, type Found } from './inspect.ts'
import type { PackOptions } from './options.ts'
import { OPAQUE_MARKER, WHITEOUT_PREFIX } from './whiteout.ts'

/** Longer paths cannot be unpacked; also bounds how deep we go, one descriptor a level. */
const PATH_MAX = 4096

/** Read at once of a file's content. */
const CHUNK = 256 * 1024

export class Packer {
  readonly #writer = new TarWriter()
  readonly #options: PackOptions
  /** First path of each file that has several names. */
  readonly #linked = new Map<string, string>()

  constructor(options: PackOptions) {
    this.#options = options
  }

  /** The archive of an open directory. */
  *pack(root: number): Generator<Uint8Array, void, undefined> {
    if (this.#options.root === true) {
      const found = inspect(root, '.', '.')
      if (found !== undefined) this.#writer.entry(this.#finished(found.header))
    }
    yield* this.#children(root, '')
    this.#writer.end()
    yield* this.#writer.take()
  }

  /** The archive of one entry of an open directory, called `path` in it. */
  *packEntry(dirfd: number, name: string, path: string): Generator<Uint8Array, void, undefined> {
    const found = this.#present(() => inspect(dirfd, name, path))
    if (found !== undefined) yield* this.#entry(dirfd, name, found)
    this.#writer.end()
    yield* this.#writer.take()
  }

  *#children(dirfd: number, prefix: string): Generator<Uint8Array, void, undefined> {
    for (const name of list(dirfd)) {
      const path = prefix + name
      if (path.length >= PATH_MAX) throw new UserError('invalid', `path ${showName(path)} is too long for a layer`)
      if (this.#options.exclude?.(path) === true) continue
      const found = this.#present(() => inspect(dirfd, name, path))
      if (found === undefined) continue
      if (this.#options.whiteouts === 'overlay') {
        if (isWhiteout(found.header)) {
          const { mtimeNs } = this.#finished(found.header)
          this.#writer.entry(tarHeader({ type: 'file', path: `${prefix}${WHITEOUT_PREFIX}${name}`, mtimeNs }))
          continue
        }
        refuseUnsayable(found.header)
      }
      yield* this.#entry(dirfd, name, found)
      yield* this.#writer.take()
    }
  }

  *#entry(dirfd: number, name: string, found: Found): Generator<Uint8Array, void, undefined> {
    const header = this.#finished(found.header)
    const first = found.links > 1n && header.type !== 'directory' ? this.#firstName(found) : undefined
    if (first !== undefined)
      this.#writer.entry({ ...header, type: 'hardlink', linkname: first, size: 0, xattrs: new Map() })
    else if (header.type === 'file') {
      const written = yield* this.#file(dirfd, name, { ...found, header })
      if (!written) this.#linked.delete(keyOf(found))
    } else {
      this.#writer.entry(header)
      if (header.type !== 'directory') return
      using directory = this.#present(() => open(dirfd, name, O_PATH | O_DIRECTORY))
      if (directory === undefined) return
      if (isOpaque(found.header) && this.#options.whiteouts === 'overlay') {
        this.#writer.entry(
          tarHeader({ type: 'file', path: `${header.path}/${OPAQUE_MARKER}`, mtimeNs: header.mtimeNs }),
        )
      }
      yield* this.#children(directory.number, `${header.path}/`)
    }
  }

  #firstName(found: Found): string | undefined {
    const first = this.#linked.get(keyOf(found))
    if (first === undefined) this.#linked.set(keyOf(found), found.header.path)
    return first
  }

  /** False when it was passed over. */
  *#file(dirfd: number, name: string, { header, inode }: Found): Generator<Uint8Array, boolean, undefined> {
    // Opening a fifo that has come in the file's place must not block.
    using fd = this.#present(() => open(dirfd, name, O_RDONLY | O_NONBLOCK))
    if (fd === undefined) return false
    if (fstatSync(fd.number, { bigint: true }).ino !== inode) {
      if (this.#options.live === true) return false
      throw changed(header.path)
    }
    const sparse = this.#options.sparse === true ? findExtents(fd.number, header.size) : undefined
    this.#writer.entry(sparse === undefined ? header : { ...header, sparse })
    for (const extent of sparse ?? [{ offset: 0, length: header.size }]) {
      for (const bytes of read(fd.number, extent, header.path)) {
        this.#writer.data(bytes)
        yield* this.#writer.take()
      }
    }
    return true
  }

  /** In a live tree undefined for what is not there any more, or not as what it was. */
  #present<T>(look: () => T): T | undefined {
    try {
      return look()
    } catch (error) {
      if (this.#options.live !== true || !(error instanceof Error) || !('code' in error) || !GONE.has(error.code))
        throw error
      return undefined
    }
  }

  /** The header as it is written: without what only this machine's overlay needs, and with times as asked for. */
  #finished(header: TarHeader): TarHeader {
    const xattrs = [...header.xattrs].filter(([key]) => !OVERLAY.test(key) || this.#options.whiteouts !== 'overlay')
    const mtimeNs = this.#options.subSecondTimes === true ? header.mtimeNs : wholeSeconds(header.mtimeNs)
    return { ...header, mtimeNs, xattrs: new Map(xattrs) }
  }
}

/** Of openat(2) with O_NOFOLLOW and O_DIRECTORY, of lstat(2), and of readlink(2) on what is no link any more. */
const GONE = new Set<unknown>(['EINVAL', 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'ESTALE'])

function keyOf({ device, inode }: Found): string {
  return `${device}:${inode}`
}

const OVERLAY = /^(?:trusted|user)\.overlay\./

function isWhiteout({ type, major, minor }: TarHeader): boolean {
  return type === 'char' && major === 0 && minor === 0
}

function isOpaque({ xattrs }: TarHeader): boolean {
  const value = xattrs.get('trusted.overlay.opaque') ?? xattrs.get('user.overlay.opaque')
  return value?.[0] === 0x79
}

/** An archive has no words for an overlay's redirects and metadata-only copies, and a name of a whiteout would become one. */
function refuseUnsayable({ path, xattrs }: TarHeader): void {
  if (path.slice(path.lastIndexOf('/') + 1).startsWith(WHITEOUT_PREFIX)) {
    throw new UserError('invalid', `${showName(path)} cannot be in a layer: its name is that of a whiteout`)
  }
  for (const key of xattrs.keys()) {
    if (!/^(?:trusted|user)\.overlay\.(?:redirect|metacopy)$/.test(key)) continue
    throw new UserError('invalid', `${showName(path)} has the attribute ${key}, which a layer cannot express`, {
      hint: 'mount the overlay with redirect_dir=off,metacopy=off',
    })
  }
}

function* read(fd: number, extent: Extent, path: string): Generator<Buffer> {
  for (let done = 0; done < extent.length;) {
    // A new buffer each time: the writer passes it on.
    const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK, extent.length - done))
    const length = readSync(fd, chunk, 0, chunk.length, extent.offset + done)
    if (length === 0) throw changed(path)
    yield chunk.subarray(0, length)
    done += length
  }
}

function changed(path: string): UserError {
  return new UserError('conflict', `${showName(path)} changed while it was read`, { hint: 'pause what writes to it' })
}

function open(dirfd: number, name: string, flags: number): Fd {
  return new Fd(invoke('openat', dirfd, cName(name), flags | O_NOFOLLOW | O_CLOEXEC, 0))
}

const NS = 1_000_000_000n

function wholeSeconds(ns: bigint): bigint {
  return ns - (((ns % NS) + NS) % NS)
}
