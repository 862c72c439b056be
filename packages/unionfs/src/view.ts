/**
 * What a container would see, read without mounting anything: the union of some layers, with the symbolic links of the
 * image resolved inside the image. Used for /etc/passwd, for PATH lookup, for filling a new volume.
 * path_resolution(7), symlink(7).
 */
import { readSync } from 'node:fs'
import { O_NOCTTY, O_NONBLOCK, O_RDONLY, UserError } from '@mini-docker/syscall'
import { checkDepth, lookupChild, unionNames, type Redirects } from './lookup.ts'
import { resolvePath, type Found } from './resolution.ts'
import { unionRoot, type UnionNode } from './union-node.ts'
import { openDescriptor, toText, type FileStat, type FileType } from './pinned.ts'

/** An entry of the view: its path in the container, its attributes, and where a symbolic link leads. */
export type LayerStat = FileStat & { path: string; target?: string }

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
    return resolvePath(root, path, last, this.redirects)
  }

  #with<T>(path: string, last: 'follow' | 'nofollow', use: (found: Found) => T): T | undefined {
    using root = unionRoot(this.layers)
    using found = this.openAt(root, path, last)
    return found === undefined ? undefined : use(found)
  }
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
