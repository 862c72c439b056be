/** What is seen in an image in the end, from what its tree says that the layers do. */
import type { ImageTree } from '../../src/inspect/model.ts'

/** The size of all that is no directory, by path. */
export function replayed(tree: ImageTree): Map<string, number> {
  let seen = new Map<string, number>()
  for (const { entries } of tree.layers) {
    for (const { change, path, type, size } of entries) {
      if (change === 'kept') continue
      const replaces = change === 'removed' || type !== 'directory' || seen.has(path)
      if (replaces) seen = new Map([...seen].filter(([one]) => one !== path && !one.startsWith(`${path}/`)))
      if (change !== 'removed' && type !== 'directory') seen.set(path, size)
    }
  }
  return sorted(seen)
}

export function sorted(sizes: Map<string, number>): Map<string, number> {
  return new Map([...sizes].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
