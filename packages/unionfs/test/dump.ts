/** A directory tree as a value that can be compared: by path, with everything that a layer must get right. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'

export type DumpEntry = {
  mode: number
  owner: string
  rdev: number
  /** Of files only: those of directories depend on the filesystem. */
  size: number
  mtimeNs: string
  /** Of files: the first path among those that are the same file. */
  sameAs: string
  target?: string
  content?: string
}

/** Paths as binary strings, like `/a/b`; the root is left out. */
export type Dump = Record<string, DumpEntry>

/** Reads a tree through the kernel. Names that are listed but do not exist are left out: so overlay shows some whiteouts. */
export function dumpTree(root: string): Dump {
  const dump: Dump = {}
  const names = new LinkNames()
  const visit = (path: string) => {
    const entries = readdirSync(bytes(root + path), { encoding: 'buffer' })
    for (const name of entries.toSorted((a, b) => Buffer.compare(a, b))) {
      const below = `${path}/${name.toString('latin1')}`
      const entry = dumpEntry(root + below, below, names)
      if (entry === undefined) continue
      dump[below] = entry
      if ((entry.mode & 0o170000) === 0o040000) visit(below)
    }
  }
  visit('')
  return dump
}

/** Remembers the first path of every file: paths must come in the same order on both sides of a comparison. */
export class LinkNames {
  readonly #paths = new Map<string, string>()
  first({ dev, ino }: { dev: bigint; ino: bigint }, path: string): string {
    const key = `${dev}:${ino}`
    if (!this.#paths.has(key)) this.#paths.set(key, path)
    return this.#paths.get(key) ?? path
  }
}

function dumpEntry(path: string, shown: string, names: LinkNames): DumpEntry | undefined {
  const stat = lstatSync(bytes(path), { bigint: true, throwIfNoEntry: false })
  if (stat === undefined) return undefined
  return {
    mode: Number(stat.mode),
    owner: `${stat.uid}:${stat.gid}`,
    rdev: Number(stat.rdev),
    size: stat.isDirectory() ? 0 : Number(stat.size),
    mtimeNs: String(stat.mtimeNs),
    sameAs: names.first(stat, shown),
    ...(stat.isSymbolicLink() ? { target: readlinkSync(bytes(path), { encoding: 'buffer' }).toString('latin1') } : {}),
    ...(stat.isFile() ? { content: readFileSync(bytes(path)).toString('latin1') } : {}),
  }
}

const bytes = (path: string) => Buffer.from(path, 'latin1')
