/** POST /images/prune: dangling images, or with `dangling=false` all that no container is made of. */
import type { Image, RemovalEvent } from '@mini-docker/image'
import { filterFlag, filterUntil, matchLabels, type Filters } from '../api/query.ts'
import type { Engine } from '../engine.ts'

export async function pruneImages(
  engine: Engine,
  filters: Filters,
): Promise<{ ImagesDeleted: RemovalEvent[] | null; SpaceReclaimed: number }> {
  const deleted: RemovalEvent[] = []
  let bytes = 0
  for (const image of prunableImages(engine, filters)) {
    if (usedImages(engine).has(image.id)) continue
    deleted.push(...(await engine.images.remove(image.id, { force: true })))
    bytes += image.sizeBytes
    engine.events.emit('image', 'delete', image.id, { name: image.id })
  }
  return { ImagesDeleted: deleted.length === 0 ? null : deleted, SpaceReclaimed: bytes }
}

/** Those that a prune takes. */
export function prunableImages(engine: Engine, filters: Filters): Image[] {
  const dangling = filterFlag(filters, 'dangling') ?? true
  const until = filterUntil(filters)
  const used = usedImages(engine)
  return engine.images.list().filter((image) => {
    const created = BigInt(Date.parse(image.created ?? '') || 0) * 1_000_000n
    return (
      !used.has(image.id) &&
      (!dangling || image.names.length === 0) &&
      matchLabels(filters, image.config.config?.Labels ?? {}) &&
      (until === undefined || created <= until)
    )
  })
}

function usedImages(engine: Engine): Set<string> {
  return new Set(engine.containers.all().map(({ record }) => record.imageId))
}
