/**
 * Destinations of mounts behind symbolic links of the image that lead nowhere yet. As in docker, what they lead to is made, and mounted on. The kernel
 * follows links that lead somewhere by itself, within the root filesystem; what was seen here decides nothing but which names are made.
 */
import * as path from 'node:path'
import { LayerView } from '@mini-docker/unionfs'
import type { MountPoint } from './mount-point.ts'

/** As path_resolution(7). */
const MAX_LINKS = 40

/** The mounts with destinations that can be made. `layers`: folders of the host, topmost first. @throws UserError `invalid` for a loop of links */
export function withReachableDestinations(points: readonly MountPoint[], layers: readonly string[]): MountPoint[] {
  if (points.length === 0 || layers.length === 0) return [...points]
  const view = new LayerView(layers)
  return points.map((point) => ({ ...point, destination: reach(view, point.destination) }))
}

function reach(view: LayerView, destination: string): string {
  if (view.stat(destination) !== undefined) return destination
  let reached = '/'
  let links = 0
  const rest = partsOf(destination)
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    // In front of the root there is the root again.
    const next = path.posix.join(reached, part)
    const entry = view.lstat(next)
    if (entry?.type !== 'symlink') {
      reached = next
      continue
    }
    if (++links > MAX_LINKS) return destination
    const target = entry.target ?? ''
    if (target.startsWith('/')) reached = '/'
    rest.unshift(...partsOf(target))
  }
  return links === 0 ? destination : reached
}

function partsOf(text: string): string[] {
  return text.split('/').filter((part) => part !== '' && part !== '.')
}
