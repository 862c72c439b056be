/** A directory tree as a value that can be compared: by path, with everything that a layer must get right. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'

export type DumpEntry = {
  mode: number
  owner: string
  rdev: number
  /** Of files only: those of directories depend on the filesystem. */
  size: number
  mtimeNs: string
  nlink: number
  target?: string
  content?: string
}

/** Paths as binary strings, like `/a/b`; the root is left out. */
export type Dump = Record<string, DumpEntry>

/** Reads a tree through the kernel. Names that are listed but do not exist are left out: so overlay shows some whiteouts. */
export function dumpTree(root: string): Dump {
  const dump: Dump = {}
  const visit = (path: string) => {
    for (const name of readdirSync(bytes(root + path), { encoding: 'buffer' })) {
      const below = `${path}/${name.toString('latin1')}`
      const entry = dumpEntry(root + below)
      if (entry === undefined) continue
      dump[below] = entry
      if ((entry.mode & 0o170000) === 0o040000) visit(below)
    }
  }
  visit('')
  return dump
}

function dumpEntry(path: string): DumpEntry | undefined {
  const stat = lstatSync(bytes(path), { bigint: true, throwIfNoEntry: false })
  if (stat === undefined) return undefined
  return {
    mode: Number(stat.mode),
    owner: `${stat.uid}:${stat.gid}`,
    rdev: Number(stat.rdev),
    size: stat.isDirectory() ? 0 : Number(stat.size),
    mtimeNs: String(stat.mtimeNs),
    nlink: stat.isDirectory() ? 0 : Number(stat.nlink),
    ...(stat.isSymbolicLink() ? { target: readlinkSync(bytes(path), { encoding: 'buffer' }).toString('latin1') } : {}),
    ...(stat.isFile() ? { content: readFileSync(bytes(path)).toString('latin1') } : {}),
  }
}

const bytes = (path: string) => Buffer.from(path, 'latin1')
