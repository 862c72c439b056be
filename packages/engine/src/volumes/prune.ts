/** POST /volumes/prune. */
import { UserError } from '@mini-docker/syscall'
import { matchLabels, type Filters } from '../api/query.ts'
import { treeBytes } from '../containers/size.ts'
import type { Engine } from '../engine.ts'
import type { Volume } from './store.ts'
import { removeVolume, volumeUsers } from './use.ts'

/** Removes volumes that no container has: those nobody named, and with `all` the others too. As in docker never those with options, whose files are elsewhere. */
export async function pruneVolumes(
  engine: Engine,
  filters: Filters,
  all: boolean,
): Promise<{ VolumesDeleted: string[]; SpaceReclaimed: number }> {
  const removed: string[] = []
  let bytes = 0
  for (const { name } of prunableVolumes(engine, filters, all)) {
    if (!engine.volumes.has(name) || volumeUsers(engine, name).length > 0) continue
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

/** Those that a prune takes. */
export function prunableVolumes(engine: Engine, filters: Filters, all: boolean): Volume[] {
  return engine.volumes
    .all()
    .filter(
      ({ name, labels, options, anonymous }) =>
        (anonymous || all) &&
        !hasOptions(options) &&
        matchLabels(filters, labels ?? {}) &&
        volumeUsers(engine, name).length === 0,
    )
}

/** Docker counts and prunes only volumes whose files are its own. */
export function hasOptions(options: Record<string, string> | undefined): boolean {
  return Object.keys(options ?? {}).length > 0
}
