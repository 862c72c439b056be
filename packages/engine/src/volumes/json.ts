import type { Engine } from '../engine.ts'
import type { Volume } from './store.ts'

/** Docker's Volume. */
export function volumeJson(engine: Engine, { name, createdAt, labels }: Volume): object {
  return {
    CreatedAt: createdAt,
    Driver: 'local',
    Labels: Object.keys(labels).length === 0 ? null : labels,
    Mountpoint: engine.volumes.dataPath(name),
    Name: name,
    Options: null,
    Scope: 'local',
  }
}
