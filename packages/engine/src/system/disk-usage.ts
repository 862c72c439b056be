/** GET /system/df. */
import { imageIds, summary } from '../containers/list.ts'
import { containerSize, treeBytes } from '../containers/size.ts'
import type { Engine } from '../engine.ts'
import { imageSummary } from '../images/json.ts'
import { volumeJson } from '../volumes/json.ts'
import { hasOptions } from '../volumes/prune.ts'
import { volumeUsers } from '../volumes/use.ts'

/** Docker's DiskUsage. Walks all writable layers and volumes. */
export async function diskUsage(engine: Engine): Promise<object> {
  const containers = engine.containers.all()
  const images = engine.images.list()
  const imageIdOf = imageIds(engine)
  const layers = new Map(images.flatMap((image) => image.layers.map((layer) => [layer.chainID, layer.size])))
  return {
    LayersSize: [...layers.values()].reduce((sum, size) => sum + size, 0),
    Images: images.map((image) => ({
      ...imageSummary(image),
      Containers: containers.filter(({ record }) => record.imageId === image.id).length,
      SharedSize: image.layers.reduce(
        (sum, layer) =>
          sum +
          (images.some((other) => other !== image && other.layers.some(({ chainID }) => chainID === layer.chainID))
            ? layer.size
            : 0),
        0,
      ),
    })),
    Containers: await Promise.all(
      containers.map(async (container) =>
        summary(engine, imageIdOf, container, await containerSize(engine, container)),
      ),
    ),
    Volumes: await Promise.all(
      engine.volumes
        .all()
        .filter(({ options }) => !hasOptions(options))
        .map(async (volume) => {
          const size = await treeBytes(engine.volumes.dataPath(volume.name))
          const users = volumeUsers(engine, volume.name).length
          return { ...volumeJson(engine, volume), UsageData: { RefCount: users, Size: size } }
        }),
    ),
    BuildCache: [],
  }
}
