/**
 * Layers laid over each other, as overlayfs would: what is seen in the end, and on the way what each layer adds, changes and removes.
 * A layer's whiteouts are about the layers below only, wherever in its tar they stand (OCI image-spec, layer.md), so they come first.
 */
import { nameOf, parentOf } from '../tree/path.ts'
import type { Listed, Listing } from './listing.ts'
import type { Change, TreeEntry } from './model.ts'
import { WasteCount, type Content } from './waste.ts'

/** What is seen at a path. A directory that is only part of other paths has no `listed`. */
export type Seen = {
  listed: Listed | undefined
  /** The layer that it comes from. */
  layer: number
  /** Of directories. */
  children: Map<string, Seen> | undefined
  /** Of files, shared by their hard links. */
  content: (Content & { file: Listed }) | undefined
}

export class Stack {
  readonly root: Seen = directory(undefined, 0)
  readonly waste = new WasteCount()
  /** Which layer removed a path last; of a removed directory only itself is here. */
  readonly removals = new Map<string, number>()
  /** The layer being laid. */
  #layer = -1
  #done = new Map<string, TreeEntry>()
  /** Taken out of the tree by this layer, and not yet put back by it. */
  #detached = new Map<string, Seen>()
  #recent: { path: string; node: Seen } | undefined

  /** Lays one more layer on top, and tells what it did, by path. */
  add(listing: Listing): TreeEntry[] {
    this.#layer++
    this.#done = new Map()
    this.#detached = new Map()
    this.#recent = undefined
    for (const path of listing.opaques) this.#detachChildren(path, this.find(path))
    for (const path of listing.whiteouts) this.#detach(path)
    for (const entry of listing.entries) this.#place(entry)
    for (const [path, node] of this.#detached) this.#remove(path, node)
    return inTreeOrder([...this.#done.values()])
  }

  /** What is seen at a path, without following links. */
  find(path: string): Seen | undefined {
    if (path === '') return this.root
    let node: Seen | undefined = this.root
    for (const name of path.split('/')) node = node?.children?.get(name)
    return node
  }

  #detach(path: string): void {
    const siblings = this.find(parentOf(path))?.children
    const node = siblings?.get(nameOf(path))
    if (node === undefined) return
    siblings?.delete(nameOf(path))
    this.#detached.set(path, node)
  }

  #detachChildren(path: string, node: Seen | undefined): void {
    for (const [name, child] of node?.children ?? []) this.#detached.set(childOf(path, name), child)
    node?.children?.clear()
  }

  #place(listed: Listed): void {
    const { path } = listed
    if (path === '') return this.#placeRoot(listed)
    const siblings = this.#directoryAt(parentOf(path)).children
    const name = nameOf(path)
    const there = siblings?.get(name)
    const old = there ?? this.#takeBack(path)
    this.removals.delete(path)
    if (listed.type === 'directory') {
      if (old !== undefined && old === there && old.children !== undefined) return this.#describe(old, listed)
      const node = directory(listed, this.#layer)
      siblings?.set(name, node)
      this.#note(listed, old)
      this.#openAnew(path, old)
    } else {
      const content = this.#contentOf(listed)
      siblings?.set(name, { listed, layer: this.#layer, children: undefined, content })
      this.#note(listed, old)
      if (old !== undefined) this.#hide(old, path)
      if (old?.children !== undefined) this.#forget(path, old)
    }
  }

  #placeRoot(listed: Listed): void {
    if (this.#layer > 0 || this.root.listed !== undefined) return this.#describe(this.root, listed)
    this.#note(listed, undefined)
    this.root.listed = listed
  }

  /** A directory that is there gets owner and mode anew, and keeps what is in it. */
  #describe(node: Seen, listed: Listed): void {
    const first = this.#done.get(listed.path)
    if (first !== undefined) this.#done.set(listed.path, entryOf(listed, first.change, first.below))
    else if (node.listed === undefined && node.layer === this.#layer) this.#note(listed, undefined)
    else {
      const change = node.listed !== undefined && sameDirectory(node.listed, listed) ? 'kept' : 'changed'
      this.#done.set(listed.path, entryOf(listed, change, node.listed && node.layer))
    }
    node.listed = listed
    node.layer = this.#layer
  }

  /** Takes back what this layer had in a directory, before it put something else there itself. */
  #forget(path: string, directory: Seen): void {
    this.#recent = undefined
    for (const [name, child] of directory.children ?? []) {
      this.#done.delete(childOf(path, name))
      this.#forget(childOf(path, name), child)
    }
  }

  /** Notes what this layer does to a path. Where it names a path twice, only the later counts. */
  #note(listed: Listed, old: Seen | undefined): void {
    const first = this.#done.get(listed.path)
    const replaces = first === undefined ? old?.listed && old.layer : first.below
    const change = first?.change === 'added' || (first === undefined && old === undefined) ? 'added' : 'changed'
    this.#done.set(listed.path, entryOf(listed, change, replaces))
  }

  /** The directory that an entry goes into, made where only the entry's path names it. Entries mostly come directory by directory. */
  #directoryAt(path: string): Seen {
    if (path === '') return this.root
    if (this.#recent?.path === path) return this.#recent.node
    const parent = this.#directoryAt(parentOf(path))
    const name = nameOf(path)
    const there = parent.children?.get(name)
    let node = there
    if (node?.children === undefined) {
      const old = there ?? this.#takeBack(path)
      node = directory(undefined, this.#layer)
      parent.children?.set(name, node)
      if (old !== undefined) this.#note({ ...UNDESCRIBED, path }, old)
      this.#openAnew(path, old)
    }
    this.#recent = { path, node }
    return node
  }

  #takeBack(path: string): Seen | undefined {
    const node = this.#detached.get(path)
    this.#detached.delete(path)
    return node
  }

  /** A directory takes the place of `old`: what was in that one is removed piece by piece, unless this layer has it too. */
  #openAnew(path: string, old: Seen | undefined): void {
    if (old?.children === undefined) {
      if (old !== undefined) this.#hide(old, path)
    } else this.#detachChildren(path, old)
  }

  #contentOf(listed: Listed): Seen['content'] {
    if (listed.type === 'hardlink') {
      const content = this.find(listed.linkname ?? '')?.content
      if (content !== undefined) content.names++
      return content
    }
    if (listed.type !== 'file') return undefined
    const content = { bytes: listed.stored, layer: this.#layer, names: 1, file: listed }
    this.waste.store(content)
    return content
  }

  #remove(path: string, node: Seen): void {
    const { bytes, files } = this.#hide(node, path)
    this.removals.set(path, this.#layer)
    const was = node.listed ?? { ...UNDESCRIBED, path }
    const entry = entryOf(was, 'removed', node.listed && node.layer)
    entry.size = bytes
    if (node.children !== undefined) entry.files = files
    this.#done.set(path, entry)
  }

  /** Counts what can no longer be seen, and how much that is. */
  #hide(node: Seen, path: string): { bytes: number; files: number } {
    const hidden = { bytes: node.content?.file.size ?? 0, files: node.children === undefined ? 1 : 0 }
    if (node.content !== undefined) this.waste.hide(node.content, path, this.#layer)
    for (const child of node.children?.values() ?? []) {
      const { bytes, files } = this.#hide(child, path)
      hidden.bytes += bytes
      hidden.files += files
    }
    return hidden
  }
}

/** A directory of which only the paths of other entries tell. */
const UNDESCRIBED = { type: 'directory', size: 0, mode: 0o755, uid: 0, gid: 0, mtime: 0, stored: 0 } as const

function directory(listed: Listed | undefined, layer: number): Seen {
  return { listed, layer, children: new Map(), content: undefined }
}

/** Field by field: spreading would make a hundred thousand objects that are slow to make and large to keep. */
function entryOf(listed: Listed, change: Change, below: number | undefined): TreeEntry {
  const { path, type, size, mode, uid, gid, mtime, linkname, device, xattrs } = listed
  const entry: TreeEntry = { path, change, type, size, mode, uid, gid, mtime }
  if (below !== undefined) entry.below = below
  if (linkname !== undefined) entry.linkname = linkname
  if (device !== undefined) entry.device = device
  if (xattrs !== undefined) entry.xattrs = xattrs
  return entry
}

function sameDirectory(a: Listed, b: Listed): boolean {
  return (
    a.mode === b.mode && a.uid === b.uid && a.gid === b.gid && JSON.stringify(a.xattrs) === JSON.stringify(b.xattrs)
  )
}

export function childOf(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`
}

/** A directory, then all that is in it: the slash counts as the smallest character. Most layers come like this already. */
export function inTreeOrder<T extends { path: string }>(entries: T[]): T[] {
  return entries.every(({ path }, i) => i === 0 || compareInTree(entries[i - 1]?.path ?? '', path) < 0)
    ? entries
    : entries.toSorted((a, b) => compareInTree(a.path, b.path))
}

const SLASH = 0x2f

function compareInTree(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (x !== y) return (x === SLASH ? 0 : x) - (y === SLASH ? 0 : y)
  }
  return a.length - b.length
}
