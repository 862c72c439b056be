/**
 * The writing side of unpacking. The archive is not trusted: no path of it is ever resolved by the host, names are made
 * one by one in open directories, and nothing that exists already is opened or followed.
 *
 * All calls are synchronous: a small file costs six system calls and no promise.
 */
import { closeSync } from 'node:fs'
import { UserError } from '@mini-docker/syscall'
import { showName, type TarEvent, type TarHeader } from '../tar/index.ts'
import { ContentWriter } from './content.ts'
import { Directories } from './directories.ts'
import { explain } from './failure.ts'
import { makeDirectory, makeFile, makeHardlink, makeNode, makeSymlink } from './make.ts'
import { setOwnerAndMode, setOwnerAndModeOfFile, setTimes, setTimesOfFile } from './metadata.ts'
import { DEFAULT_LIMITS, type Applied, type ApplyOptions, type ExtractOptions } from './options.ts'
import { cleanPath, nameOf, parentOf } from './path.ts'
import { kindAt, makeOpaque, makeWhiteout, parseLayerName } from './whiteout.ts'

/** Takes the events of one archive and makes the tree of them. */
export class LayerWriter implements Disposable {
  readonly #directories: Directories
  readonly #plain: ExtractOptions | undefined
  readonly #maxEntries: number
  readonly #maxBytes: number
  readonly #applied = { files: 0, bytes: 0, warnings: [] as string[] }
  /** By path, set last: each file made in a directory changes its mtime. */
  readonly #directoryTimes = new Map<string, Pick<TarHeader, 'atimeNs' | 'mtimeNs'>>()
  #header: TarHeader | undefined
  #file: { fd: number; content: ContentWriter } | undefined

  /** `plain`: the archive is no layer but files for a tree that is in use. */
  constructor(targetDir: string, { maxEntries, maxBytes, plain }: ApplyOptions & { plain?: ExtractOptions }) {
    this.#plain = plain
    this.#directories = new Directories(targetDir)
    this.#maxEntries = maxEntries ?? DEFAULT_LIMITS.maxEntries
    this.#maxBytes = maxBytes ?? DEFAULT_LIMITS.maxBytes
  }

  take(event: TarEvent): void {
    try {
      switch (event.kind) {
        case 'header':
          this.#header = this.#asAsked(event.header)
          this.#begin(this.#header)
          return
        case 'data':
          this.#file?.content.write(event.offset, event.bytes)
          return
        case 'end':
          this.#end()
      }
    } catch (error) {
      throw explain(error, this.#header?.path ?? '')
    }
  }

  finish(): Applied {
    for (const [path, times] of this.#directoryTimes) {
      // One that a later entry replaced is gone, or no directory any more.
      const dirfd = this.#directories.find(parentOf(path))
      const name = nameOf(path) || '.'
      if (dirfd !== undefined && kindAt(dirfd, name) === 'directory') setTimes({ dirfd, name }, times)
    }
    return { ...this.#applied, implied: [...this.#directories.implied] }
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file.fd)
    this.#directories[Symbol.dispose]()
  }

  #begin(header: TarHeader): void {
    this.#count(header)
    const path = cleanPath(header.path)
    if (this.#plain !== undefined) return this.#place(header, path, this.#plain)
    const meaning = parseLayerName(path)
    switch (meaning.kind) {
      case 'metadata':
        return
      case 'opaque':
        makeOpaque(this.#directories.get(parentOf(path)))
        return
      case 'whiteout':
        this.#whiteout(this.#directories.get(parentOf(path)), meaning.name)
        return
      case 'entry':
        this.#entry(header, path)
    }
  }

  /** An entry of a plain archive. The directory it starts from stays as it is. */
  #place(header: TarHeader, path: string, { into = '', keepKinds = false }: ExtractOptions): void {
    if (path === '') return
    const base = cleanPath(into)
    const full = base === '' ? path : `${base}/${path}`
    if (keepKinds) this.#refuseOtherKind(header, full, base)
    this.#entry(
      header.type === 'hardlink' && base !== ''
        ? { ...header, linkname: `${base}/${cleanPath(header.linkname)}` }
        : header,
      full,
    )
  }

  #refuseOtherKind({ type }: TarHeader, path: string, base: string): void {
    const parent = this.#directories.find(parentOf(path))
    const kind = parent === undefined ? 'absent' : kindAt(parent, nameOf(path))
    if (kind === 'absent' || (kind === 'directory') === (type === 'directory')) return
    const [is, comes] = kind === 'directory' ? ['directory', 'non-directory'] : ['non-directory', 'directory']
    throw new UserError(
      'invalid',
      `cannot overwrite ${is} ${showName(`/${path}`)} with ${comes} ${showName(`/${base}`)}`,
    )
  }

  /** The header with the owner and the names that were asked for. */
  #asAsked(header: TarHeader): TarHeader {
    if (this.#plain === undefined) return header
    const { owner, rename = (path) => path } = this.#plain
    const linkname = header.type === 'hardlink' ? rename(header.linkname) : header.linkname
    return { ...header, ...(owner === 'creator' ? UNCHANGED : owner), path: rename(header.path), linkname }
  }

  #count({ sparse, size, path }: TarHeader): void {
    this.#applied.files++
    if (this.#applied.files > this.#maxEntries) {
      throw new UserError('invalid', `the layer has more than ${this.#maxEntries} entries`, { hint: LIMIT_HINT })
    }
    this.#applied.bytes += sparse === undefined ? size : sparse.reduce((sum, { length }) => sum + length, 0)
    if (this.#applied.bytes > this.#maxBytes) {
      const message = `the layer has more than ${this.#maxBytes} bytes: ${this.#applied.bytes} with ${showName(path)}`
      throw new UserError('invalid', message, { hint: LIMIT_HINT })
    }
  }

  /** A whiteout is about the layers below: what this layer itself has under the name stays, and of a directory only that. */
  #whiteout(dirfd: number, name: string): void {
    const kind = kindAt(dirfd, name)
    if (kind === 'absent') makeWhiteout(dirfd, name)
    else if (kind === 'directory') makeOpaque(dirfd, name)
  }

  #entry(header: TarHeader, path: string): void {
    if (path === '' && header.type !== 'directory') {
      throw new UserError('invalid', `the root of the layer is a ${header.type}`)
    }
    switch (header.type) {
      case 'file': {
        const fd = makeFile(this.#directories, path)
        this.#file = { fd, content: new ContentWriter(fd, header.size) }
        return
      }
      case 'hardlink':
        makeHardlink(this.#directories, path, header.linkname)
        return
      case 'directory':
        if (path !== '') makeDirectory(this.#directories, path)
        this.#directories.implied.delete(path)
        this.#directoryTimes.set(path, header)
        break
      case 'symlink':
        makeSymlink(this.#directories, path, header.linkname)
        break
      case 'char':
      case 'block':
      case 'fifo':
        makeNode(this.#directories, path, header)
    }
    const place = { dirfd: this.#directories.get(parentOf(path)), name: nameOf(path) || '.' }
    setOwnerAndMode(place, header, this.#onSkipped)
    if (header.type !== 'directory') setTimes(place, header)
  }

  #end(): void {
    const file = this.#file
    if (file === undefined || this.#header === undefined) return
    file.content.end()
    setOwnerAndModeOfFile(file.fd, this.#header, this.#onSkipped)
    setTimesOfFile(file.fd, this.#header)
    this.#file = undefined
    closeSync(file.fd)
  }

  readonly #onSkipped = (attribute: string, code: string): void => {
    if (this.#applied.warnings.length >= 100) return
    this.#applied.warnings.push(`${showName(this.#header?.path ?? '')}: attribute ${attribute} is left out (${code})`)
  }
}

/** What chown(2) takes for "leave it as it is". */
const UNCHANGED = { uid: -1, gid: -1 }

const LIMIT_HINT = 'if the image is honest, raise the limit'
