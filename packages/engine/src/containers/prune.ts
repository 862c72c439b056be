/** POST /containers/prune: removes what does not run. Its volumes stay, the unnamed ones too, as in docker. */
import { filterUntil, matchLabels, type Filters } from '../api/query.ts'
import type { Engine } from '../engine.ts'
import { removeContainer } from './remove.ts'
import { containerSize } from './size.ts'

export async function pruneContainers(
  engine: Engine,
  filters: Filters,
): Promise<{ ContainersDeleted: string[] | null; SpaceReclaimed: number }> {
  const until = filterUntil(filters)
  const deleted: string[] = []
  let reclaimed = 0
  for (const container of engine.containers.all()) {
    const created = BigInt(Date.parse(container.record.created)) * 1_000_000n
    if (
      container.running ||
      !matchLabels(filters, container.record.config.Labels) ||
      (until !== undefined && created > until)
    )
      continue
    const { rw } = await containerSize(engine, container)
    await removeContainer(engine, container, { force: false, volumes: false })
    deleted.push(container.id)
    reclaimed += rw
  }
  return { ContainersDeleted: deleted.length === 0 ? null : deleted, SpaceReclaimed: reclaimed }
}
