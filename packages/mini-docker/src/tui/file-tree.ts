/** The files of one layer, or of all up to it, as a tree of directories. Made once for each choice of layer; what is folded is `rows.ts`'s. */
import type { Change, TreeEntry } from '@mini-docker/image/inspect'

export type FileNode = {
  name: string
  path: string
  /** Absent for a directory that only other paths name. */
  entry: TreeEntry | undefined
  /** What the chosen layer did to it; `kept` for what it did not touch. */
  change: Change
  /** The layer whose version this is. */
  layer: number
  /** Undefined for what is no directory. */
  children: FileNode[] | undefined
  /** Of a directory: all that is in it and not removed. */
  bytes: number
}

export type FileTree = { root: FileNode; nodes: number }

/** `aggregated`: everything that is seen up to this layer, and what this layer removed. */
export function fileTree(layers: readonly (readonly TreeEntry[])[], chosen: number, aggregated: boolean): FileTree {
  const building = new Building(chosen)
  for (let layer = aggregated ? 0 : chosen; layer <= chosen; layer++) {
    for (const entry of layers[layer] ?? []) building.add(entry, layer)
  }
  return building.finish()
}

type Unsorted = Omit<FileNode, 'children'> & { children: Map<string, Unsorted> | undefined }

class Building {
  readonly #chosen: number
  readonly #root: Unsorted = bare('', '', 0)
  #recent: { path: string; node: Unsorted } = { path: '', node: this.#root }

  constructor(chosen: number) {
    this.#chosen = chosen
  }

  add(entry: TreeEntry, layer: number): void {
    const { path, change } = entry
    if (path === '') return
    const slash = path.lastIndexOf('/')
    const name = path.slice(slash + 1)
    const siblings = this.#directory(slash === -1 ? '' : path.slice(0, slash), layer).children
    if (change === 'removed' && layer < this.#chosen) {
      siblings?.delete(name)
      this.#recent = { path: '', node: this.#root }
      return
    }
    const there = siblings?.get(name)
    const isDirectory = entry.type === 'directory' && change !== 'removed'
    const children = isDirectory ? (there?.children ?? new Map<string, Unsorted>()) : undefined
    const shown = layer === this.#chosen ? change : 'kept'
    const since = change === 'kept' ? (there?.layer ?? layer) : layer
    siblings?.set(name, { name, path, entry, change: shown, layer: since, children, bytes: entry.size })
    if (there !== undefined) this.#recent = { path: '', node: this.#root }
  }

  finish(): FileTree {
    let nodes = 0
    const sorted = (node: Unsorted): FileNode => {
      nodes++
      if (node.children === undefined) return { ...node, children: undefined }
      const children = [...node.children.values()].map(sorted).toSorted(byKindAndName)
      const bytes = children.reduce((sum, child) => sum + (child.change === 'removed' ? 0 : child.bytes), 0)
      return { ...node, children, bytes }
    }
    return { root: sorted(this.#root), nodes: nodes - 1 }
  }

  #directory(path: string, layer: number): Unsorted {
    if (path === '') return this.#root
    if (this.#recent.path === path) return this.#recent.node
    let node = this.#root
    let end = 0
    for (const name of path.split('/')) {
      end += name.length + (end === 0 ? 0 : 1)
      let child = node.children?.get(name)
      if (child?.children === undefined) {
        child = bare(name, path.slice(0, end), layer)
        node.children?.set(name, child)
      }
      node = child
    }
    this.#recent = { path, node }
    return node
  }
}

function bare(name: string, path: string, layer: number): Unsorted {
  return { name, path, entry: undefined, change: 'kept', layer, children: new Map(), bytes: 0 }
}

/** Directories first, as file managers do. */
function byKindAndName(a: FileNode, b: FileNode): number {
  if ((a.children === undefined) !== (b.children === undefined)) return a.children === undefined ? 1 : -1
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}
