/**
 * What a container would see, read without mounting anything: the union of some layers, with the symbolic links of the
 * image resolved inside the image. Used for /etc/passwd, for PATH lookup, for filling a new volume.
 * path_resolution(7), symlink(7).
 */
import { readSync } from 'node:fs'
import { O_NOCTTY, O_NONBLOCK, O_RDONLY, UserError } from '@mini-docker/syscall'
import { checkDepth, lookupChild, unionNames, unionRoot, type Redirects, type UnionNode } from './lookup.ts'
import { fromText, openDescriptor, toText, type FileStat, type FileType } from './pinned.ts'

/** An entry of the view: its path in the container, its attributes, and where a symbolic link leads. */
export type LayerStat = FileStat & { path: string; target?: string }

/** As many symbolic links as the kernel follows in one path. */
const MAX_LINKS = 40

/** How many lookups one path may cost: links full of `..` in a hostile image would otherwise keep us busy for minutes. */
const MAX_LOOKUPS = 10_000

/** readFile's limit when none is given: far above any /etc/passwd. */
const DEFAULT_MAX_BYTES = 1 << 20

/**
 * A read-only view of layers, topmost first; the first may be the upper directory of a running container.
 * Holds no descriptor between calls. Paths are absolute, in the container; `..` stops at its root.
 *
 * Layers with whiteouts as extended attributes or opaque directories need CAP_SYS_ADMIN to be seen as they are.
 */
export class LayerView {
  readonly layers: readonly string[]
  readonly redirects: Redirects

  /** @param layers directories of the host, topmost first. */
  constructor(layers: readonly string[], options: { redirects?: Redirects } = {}) {
    this.layers = layers
    this.redirects = options.redirects ?? 'refuse'
  }

  /** stat(2): the entry that `path` leads to, symbolic links followed; undefined where there is none. */
  stat(path: string): LayerStat | undefined {
    return this.#with(path, 'follow', ({ node, names }) => describe(node, names))
  }

  /** lstat(2): the entry `path` itself. */
  lstat(path: string): LayerStat | undefined {
    return this.#with(path, 'nofollow', ({ node, names }) => describe(node, names))
  }

  /**
   * The path without symbolic links, `.` and `..`; undefined where it leads to nothing.
   * @throws UserError `invalid` for a loop of symbolic links, as from every method here.
   */
  resolve(path: string): string | undefined {
    return this.#with(path, 'follow', ({ names }) => toText(`/${names.join('/')}`))
  }

  /**
   * The content of a regular file, links followed.
   * @throws UserError `not-found`, or `invalid` when it is no regular file or has more than `maxBytes` (1 MiB by default).
   */
  readFile(path: string, options: { maxBytes?: number } = {}): Buffer {
    const content = this.#with(path, 'follow', ({ node }) =>
      readRegular(node, path, options.maxBytes ?? DEFAULT_MAX_BYTES),
    )
    return content ?? noSuchFile(path)
  }

  /**
   * The names in a directory with their types, sorted by bytes.
   * @throws UserError `not-found`, or `invalid` when it is no directory.
   */
  readdir(path: string): { name: string; type: FileType }[] {
    const names = this.#with(path, 'follow', ({ node }) => {
      if (node.stat.type !== 'directory') throw new UserError('invalid', `not a directory: ${path}`)
      return unionNames(node).map(({ name, type }) => ({ name: toText(name), type }))
    })
    return names ?? noSuchFile(path)
  }

  /**
   * Every entry below `path` and `path` itself, a directory before its entries, names sorted by bytes; links are shown, not followed.
   * Nothing when `path` leads nowhere.
   */
  *walk(path: string): Generator<LayerStat> {
    using root = unionRoot(this.layers)
    using start = this.openAt(root, path)
    if (start !== undefined) yield* this.#walk(root, start.node, start.names)
  }

  *#walk(root: UnionNode, node: UnionNode, names: string[]): Generator<LayerStat> {
    checkDepth(names)
    yield describe(node, names)
    if (node.stat.type !== 'directory') return
    for (const { name } of unionNames(node)) {
      using child = lookupChild(root, node, name, this.redirects)
      if (child !== undefined) yield* this.#walk(root, child, [...names, name])
    }
  }

  /** The entry that `path` leads to, held open, for what reads whole trees (`copyTree`, `diffUpper`). */
  openAt(root: UnionNode, path: string, last: 'follow' | 'nofollow' = 'follow'): Found | undefined {
    if (!path.startsWith('/') || path.includes('\0')) {
      throw new UserError('invalid', `path in the container is not absolute: ${JSON.stringify(path)}`)
    }
    return new Resolution(root, path, this.redirects).run(last)
  }

  #with<T>(path: string, last: 'follow' | 'nofollow', use: (found: Found) => T): T | undefined {
    using root = unionRoot(this.layers)
    using found = this.openAt(root, path, last)
    return found === undefined ? undefined : use(found)
  }
}

/** An entry and the names that lead to it, as binary strings. */
export class Found implements Disposable {
  readonly node: UnionNode
  readonly names: string[]
  readonly #root: UnionNode
  constructor(node: UnionNode, names: string[], root: UnionNode) {
    this.node = node
    this.names = names
    this.#root = root
  }
  [Symbol.dispose](): void {
    // The root belongs to the caller.
    if (this.node !== this.#root) this.node[Symbol.dispose]()
  }
}

/** One walk along a path. Only the entry it stands on is held open: `..` looks its parent up afresh. */
class Resolution {
  readonly #root: UnionNode
  readonly #path: string
  readonly #redirects: Redirects
  #node: UnionNode
  #names: string[] = []
  #lookups = 0

  constructor(root: UnionNode, path: string, redirects: Redirects) {
    this.#root = root
    this.#node = root
    this.#path = path
    this.#redirects = redirects
  }

  run(last: 'follow' | 'nofollow'): Found | undefined {
    try {
      const found = this.#walk(last)
      if (!found) this.#moveTo(this.#root)
      return found ? new Found(this.#node, this.#names, this.#root) : undefined
    } catch (error) {
      this.#moveTo(this.#root)
      throw error
    }
  }

  #walk(last: 'follow' | 'nofollow'): boolean {
    let pending = split(fromText(this.#path))
    let links = 0
    while (pending.length > 0) {
      const [name, ...rest] = pending as [string, ...string[]]
      pending = rest
      if (this.#node.stat.type !== 'directory') return false
      if (name === '.') continue
      if (name === '..') {
        this.#parent()
        continue
      }
      const child = this.#lookup(this.#node, name)
      if (child === undefined) return false
      if (child.stat.type !== 'symlink' || (pending.length === 0 && last === 'nofollow')) {
        this.#names.push(name)
        this.#moveTo(child)
        continue
      }
      const target = child.top.file.readlink()
      child[Symbol.dispose]()
      links += 1
      if (links > MAX_LINKS) throw new UserError('invalid', `too many levels of symbolic links: ${this.#path}`)
      if (target.startsWith('/')) {
        this.#names = []
        this.#moveTo(this.#root)
      }
      pending = [...split(target), ...pending]
    }
    return true
  }

  /** All names so far are of real directories. Should one have gone meanwhile, the walk ends at the last that is there. */
  #parent(): void {
    const names = this.#names.slice(0, -1)
    this.#names = []
    this.#moveTo(this.#root)
    for (const name of names) {
      const child = this.#lookup(this.#node, name)
      if (child === undefined) return
      this.#names.push(name)
      this.#moveTo(child)
    }
  }

  #lookup(directory: UnionNode, name: string): UnionNode | undefined {
    this.#lookups += 1
    if (this.#lookups > MAX_LOOKUPS) throw new UserError('invalid', `path takes too many lookups: ${this.#path}`)
    return lookupChild(this.#root, directory, name, this.#redirects)
  }

  #moveTo(node: UnionNode): void {
    if (this.#node !== this.#root) this.#node[Symbol.dispose]()
    this.#node = node
  }
}

/** The components of a path. A trailing slash asks for a directory, so it counts as a `.`. */
function split(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '')
  return path.endsWith('/') ? [...names, '.'] : names
}

function describe(node: UnionNode, names: string[]): LayerStat {
  const stat = { ...node.stat, path: toText(`/${names.join('/')}`) }
  return stat.type === 'symlink' ? { ...stat, target: toText(node.top.file.readlink()) } : stat
}

function readRegular(node: UnionNode, path: string, maxBytes: number): Buffer {
  if (node.stat.type !== 'file') throw new UserError('invalid', `not a regular file: ${path}`)
  using opened = openDescriptor(node.top.file.path, O_RDONLY | O_NOCTTY | O_NONBLOCK)
  // A running container may make the file grow while it is read: the limit holds for what is read, not for what stat said.
  const content = Buffer.alloc(Math.min(node.stat.size, maxBytes) + 1)
  let used = 0
  for (let read = -1; read !== 0 && used < content.length; used += read) {
    read = readSync(opened.fd, content, used, content.length - used, null)
  }
  if (used > maxBytes || node.stat.size > maxBytes) {
    throw new UserError('invalid', `file is larger than ${maxBytes} bytes: ${path}`)
  }
  return content.subarray(0, Math.min(used, node.stat.size))
}

function noSuchFile(path: string): never {
  throw new UserError('not-found', `no such file or directory: ${path}`)
}
