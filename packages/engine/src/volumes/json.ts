import type { Engine } from '../engine.ts'
import type { Volume } from './store.ts'

/** Docker's Volume. */
export function volumeJson(engine: Engine, { name, createdAt, labels, options }: Volume): object {
  return {
    CreatedAt: createdAt,
    Driver: 'local',
    Labels: labels ?? null,
    Mountpoint: engine.volumes.dataPath(name),
    Name: name,
    Options: options ?? null,
    Scope: 'local',
  }
}
