/** From a path in the container to the entry it leads to: path_resolution(7), inside the union and nowhere else. */
import { UserError } from '@mini-docker/syscall'
import { lookupChild, type Redirects } from './lookup.ts'
import { fromText } from './pinned.ts'
import type { UnionNode } from './union-node.ts'

/** As many symbolic links as the kernel follows in one path. */
const MAX_LINKS = 40

/** How many lookups one path may cost: links full of `..` in a hostile image would otherwise keep us busy for minutes. */
const MAX_LOOKUPS = 10_000

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

/**
 * Walks `path` from `root`; undefined when it leads nowhere. The entry is held open until the result is disposed.
 * @throws UserError `invalid` for a path that is not absolute, too many links, or too many lookups.
 */
export function resolvePath(
  root: UnionNode,
  path: string,
  last: 'follow' | 'nofollow',
  redirects: Redirects,
): Found | undefined {
  if (!path.startsWith('/') || path.includes('\0')) {
    throw new UserError('invalid', `path in the container is not absolute: ${JSON.stringify(path)}`)
  }
  return new Resolution(root, path, redirects).run(last)
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
