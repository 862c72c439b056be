/** POST /volumes/prune. */
import { UserError } from '@mini-docker/syscall'
import { matchLabels, type Filters } from '../api/query.ts'
import { treeBytes } from '../containers/size.ts'
import type { Engine } from '../engine.ts'
import { removeVolume, volumeUsers } from './use.ts'

/** Removes volumes that no container has: those nobody named, and with `all` the others too. As in docker never those with options, whose files are elsewhere. */
export async function pruneVolumes(
  engine: Engine,
  filters: Filters,
  all: boolean,
): Promise<{ VolumesDeleted: string[]; SpaceReclaimed: number }> {
  const removed: string[] = []
  let bytes = 0
  for (const { name, labels, options, anonymous } of engine.volumes.all()) {
    if ((!anonymous && !all) || hasOptions(options) || !matchLabels(filters, labels ?? {})) continue
    if (volumeUsers(engine, name).length > 0) continue
    const size = await treeBytes(engine.volumes.dataPath(name))
    try {
      await removeVolume(engine, name)
    } catch (error) {
      // Somebody took it, or removed it, meanwhile.
      if (!(error instanceof UserError)) throw error
      continue
    }
    bytes += size
    removed.push(name)
  }
  engine.events.emit('volume', 'prune', '', { reclaimed: String(bytes) })
  return { VolumesDeleted: removed, SpaceReclaimed: bytes }
}

/** Docker counts and prunes only volumes whose files are its own. */
export function hasOptions(options: Record<string, string> | undefined): boolean {
  return Object.keys(options ?? {}).length > 0
}
