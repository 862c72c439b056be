/** What a container changed: `docker diff`. The upper directory of an overlay says it, given what lies below. */
import { O_NOCTTY, O_NONBLOCK, O_RDONLY } from '@mini-docker/syscall'
import { checkDepth, lookupChild, unionNames, type Redirects } from './lookup.ts'
import { unionRoot, type UnionNode } from './union-node.ts'
import { descriptorXattr, openDescriptor, toText, type Pinned } from './pinned.ts'
import type { LayerView } from './view.ts'

/** A path that was added, changed (content, owner, mode or file capabilities), or deleted. */
export type Change = { path: string; kind: 'A' | 'C' | 'D' }

/**
 * The changes that an upper directory holds against the layers below it, sorted by path, by docker's rules: everything in a
 * new directory is listed, nothing in a deleted one; a directory with changes in it counts as changed, the root excepted;
 * times count for files only, and whole seconds equal where one side has no finer time.
 *
 * Symbolic links are never followed, so the container may run meanwhile. Needs CAP_SYS_ADMIN to see opaque directories.
 * @throws UserError `invalid` for a tree deeper than 512 directories.
 */
export function diffUpper(upper: string, lower: LayerView): Change[] {
  using afterRoot = unionRoot([upper, ...lower.layers])
  using beforeRoot = unionRoot(lower.layers)
  const changes: Change[] = []
  const comparison = new Comparison(afterRoot, beforeRoot, lower.redirects, changes)
  comparison.directory(afterRoot, beforeRoot, [], 'upper')
  return changes.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
}

/**
 * Which entries of a directory can differ: those of the upper directory itself, as long as what lies below shows through as
 * before; below a new, renamed or opaque directory, all.
 */
type Compare = 'upper' | 'everything'

class Comparison {
  readonly #afterRoot: UnionNode
  readonly #beforeRoot: UnionNode
  readonly #redirects: Redirects
  readonly #changes: Change[]

  constructor(afterRoot: UnionNode, beforeRoot: UnionNode, redirects: Redirects, changes: Change[]) {
    this.#afterRoot = afterRoot
    this.#beforeRoot = beforeRoot
    this.#redirects = redirects
    this.#changes = changes
  }

  /** Compares the entries of one directory; true when any changed. */
  directory(after: UnionNode, before: UnionNode | undefined, names: string[], compare: Compare): boolean {
    checkDepth(names)
    const count = this.#changes.length
    const was = before?.stat.type === 'directory' ? before : undefined
    const below = after.detached || was === undefined ? 'everything' : compare
    for (const name of candidates(after, was, below)) this.#entry(after, was, name, [...names, name], below)
    return this.#changes.length > count
  }

  #entry(inAfter: UnionNode, inBefore: UnionNode | undefined, name: string, names: string[], compare: Compare): void {
    using after = lookupChild(this.#afterRoot, inAfter, name, this.#redirects)
    using before = inBefore === undefined ? undefined : lookupChild(this.#beforeRoot, inBefore, name, this.#redirects)
    if (after === undefined) {
      if (before !== undefined) this.#record('D', names)
      return
    }
    const at = this.#changes.length
    const kind = before === undefined ? 'A' : isDifferent(after, before) ? 'C' : undefined
    if (kind !== undefined) this.#record(kind, names)
    const inside = after.stat.type === 'directory' && this.directory(after, before, names, compare)
    if (inside && kind === undefined) this.#changes.splice(at, 0, { path: pathOf(names), kind: 'C' })
  }

  #record(kind: Change['kind'], names: string[]): void {
    this.#changes.push({ path: pathOf(names), kind })
  }
}

function candidates(after: UnionNode, before: UnionNode | undefined, compare: Compare): Iterable<string> {
  if (compare === 'upper') return after.top.file.list().map((entry) => entry.name.toString('latin1'))
  const nodes = before === undefined ? [after] : [after, before]
  return new Set(nodes.flatMap(unionNames).map(({ name }) => name))
}

function pathOf(names: string[]): string {
  return toText(`/${names.join('/')}`)
}

function isDifferent(after: UnionNode, before: UnionNode): boolean {
  const [a, b] = [after.stat, before.stat]
  if (a.type !== b.type || a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid || a.rdev !== b.rdev) return true
  if (a.type === 'directory') return false
  if (a.size !== b.size || !isSameTime(a.mtimeNs, b.mtimeNs)) return true
  return a.type === 'file' && !sameBytes(capabilityOf(after.top.file), capabilityOf(before.top.file))
}

/** A layer from an old tar archive has whole seconds only. */
function isSameTime(a: bigint, b: bigint): boolean {
  const NS = 1_000_000_000n
  return a === b || (a / NS === b / NS && (a % NS === 0n || b % NS === 0n))
}

/** The file capabilities of a regular file, as they are stored. capabilities(7). */
function capabilityOf(file: Pinned): Buffer | undefined {
  using opened = openDescriptor(file.path, O_RDONLY | O_NOCTTY | O_NONBLOCK)
  return descriptorXattr(opened.fd, 'security.capability')
}

function sameBytes(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b)
}
