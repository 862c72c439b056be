/** The machine's own file tree, or one under another root, seen with its symbolic links. See path_resolution(7). */
import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { posix } from 'node:path'
import { parseElf, type Elf } from './parse.ts'

/** Where a path leads: the real path, and each symbolic link on the way with its target as it is written. */
export type Resolved = { path: string; links: ReadonlyMap<string, string> }

/** As many as the kernel follows. */
const MAX_LINKS = 40

/** Reads only. Remembers what it has seen, so it must not outlive changes of the tree. */
export class HostTree {
  readonly #root: string
  readonly #targets = new Map<string, string | null | undefined>()
  readonly #elves = new Map<string, Elf | undefined>()

  /** Paths are taken below `root`, symbolic links too. */
  constructor(root = '/') {
    this.#root = root
  }

  /** Follows a path to what is really there; undefined where there is nothing. */
  resolve(path: string): Resolved | undefined {
    const links = new Map<string, string>()
    const left = path.split('/').toReversed()
    let real = ''
    let followed = 0
    for (let component = left.pop(); component !== undefined; component = left.pop()) {
      if (component === '' || component === '.') continue
      if (component === '..') {
        real = posix.dirname(real === '' ? '/' : real).replace(/^\/$/, '')
        continue
      }
      const next = `${real}/${component}`
      const target = this.#target(next)
      if (target === undefined) return undefined
      if (target === null) {
        real = next
        continue
      }
      links.set(next, target)
      // A circle.
      if (++followed > MAX_LINKS) return undefined
      left.push(...target.split('/').toReversed())
      if (target.startsWith('/')) real = ''
    }
    return { path: real === '' ? '/' : real, links }
  }

  /** The ELF headers of a real path, undefined for other files. */
  elf(path: string): Elf | undefined {
    if (!this.#elves.has(path)) this.#elves.set(path, this.#readElf(path))
    return this.#elves.get(path)
  }

  /** True for a file that any user may run. */
  isProgram(path: string): boolean {
    const stat = statSync(this.at(path), { throwIfNoEntry: false })
    return stat !== undefined && stat.isFile() && (stat.mode & 0o111) !== 0
  }

  size(path: string): number {
    return lstatSync(this.at(path)).size
  }

  /** The text of a small file; undefined where it is missing. */
  text(path: string): string | undefined {
    const real = this.resolve(path)
    const stat = real === undefined ? undefined : lstatSync(this.at(real.path), { throwIfNoEntry: false })
    return real === undefined || stat?.isFile() !== true ? undefined : readFileSync(this.at(real.path), 'utf8')
  }

  /** The sorted names in a directory; none where it is missing. */
  list(path: string): string[] {
    const real = this.resolve(path)
    if (real === undefined || !lstatSync(this.at(real.path)).isDirectory()) return []
    return readdirSync(this.at(real.path)).toSorted()
  }

  /** The path as this process opens it. Only for real paths, whose links are resolved. */
  at(path: string): string {
    return posix.join(this.#root, path)
  }

  /** A link's target, null for anything else that is there, undefined for nothing. */
  #target(path: string): string | null | undefined {
    if (this.#targets.has(path)) return this.#targets.get(path)
    const stat = lstatSync(this.at(path), { throwIfNoEntry: false })
    const target = stat === undefined ? undefined : stat.isSymbolicLink() ? readlinkSync(this.at(path)) : null
    this.#targets.set(path, target)
    return target
  }

  #readElf(path: string): Elf | undefined {
    if (!lstatSync(this.at(path)).isFile()) return undefined
    const fd = openSync(this.at(path), 'r')
    try {
      return parseElf(fd, path)
    } finally {
      closeSync(fd)
    }
  }
}
