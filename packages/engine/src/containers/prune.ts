/** POST /containers/prune: removes what does not run. Its volumes stay, the unnamed ones too, as in docker. */
import { filterUntil, matchLabels, type Filters } from '../api/query.ts'
import type { Engine } from '../engine.ts'
import type { Container } from './model.ts'
import { removeContainer } from './remove.ts'
import { containerSize } from './size.ts'

export async function pruneContainers(
  engine: Engine,
  filters: Filters,
): Promise<{ ContainersDeleted: string[] | null; SpaceReclaimed: number }> {
  const deleted: string[] = []
  let reclaimed = 0
  for (const container of prunableContainers(engine, filters)) {
    if (container.running) continue
    const { rw } = await containerSize(engine, container)
    await removeContainer(engine, container, { force: false, volumes: false })
    deleted.push(container.id)
    reclaimed += rw
  }
  return { ContainersDeleted: deleted.length === 0 ? null : deleted, SpaceReclaimed: reclaimed }
}

/** Those that a prune takes. */
export function prunableContainers(engine: Engine, filters: Filters): Container[] {
  const until = filterUntil(filters)
  return engine.containers
    .all()
    .filter(
      ({ running, record }) =>
        !running &&
        matchLabels(filters, record.config.Labels) &&
        (until === undefined || BigInt(Date.parse(record.created)) * 1_000_000n <= until),
    )
}
