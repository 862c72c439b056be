/** Makes the volumes of a container that is created, and fills an empty one with what the image has at its place. */
import * as fs from 'node:fs'
import * as path from 'node:path'
import { copyTree, LayerView } from '@mini-docker/unionfs'
import { UserError } from '@mini-docker/syscall'
import { layerDirs } from '../containers/layers.ts'
import type { ContainerRecord } from '../containers/model.ts'
import type { Engine } from '../engine.ts'
import { localMount, mountVolume, unmountUnused, volumeSource } from './host-mount.ts'
import type { MountPoint } from './mount-point.ts'
import { removeAnonymousVolumes, volumeUsers } from './use.ts'
import { FILLING } from './volume-file.ts'

/** What was prepared. Nobody can remove its volumes until it is disposed: then the container is there, or failed to be. */
export type PreparedVolumes = Disposable & { points: MountPoint[] }

/** Volumes exist and have their source afterwards. Done at create, as docker does: an empty volume is filled once. When one fails, none that was made here is left. */
export async function prepareVolumes(engine: Engine, record: ContainerRecord): Promise<PreparedVolumes> {
  const points: MountPoint[] = []
  using holds = new DisposableStack()
  try {
    for (const point of record.mounts)
      points.push(point.type === 'volume' ? await prepareVolume(engine, record, point, holds) : point)
  } catch (error) {
    holds.dispose()
    await removeAnonymousVolumes(engine, points)
    throw error
  }
  const kept = holds.move()
  return { points, [Symbol.dispose]: () => kept.dispose() }
}

function prepareVolume(
  engine: Engine,
  record: ContainerRecord,
  point: MountPoint,
  holds: DisposableStack,
): Promise<MountPoint> {
  const { volumes } = engine
  const wanted = point.name ?? ''
  return volumes.locked(wanted || record.id, async () => {
    refuseForeignFile(engine, record, point)
    // A volume that was taken over from another container, and removed meanwhile, is not made again.
    if (point.source !== '') volumes.get(wanted)
    const { volume, fresh } = await volumes.ensure({
      name: wanted,
      ...point.create,
      durable: !record.hostConfig.AutoRemove || point.anonymous !== true,
    })
    holds.use(volumes.hold(volume.name, record.id))
    try {
      if (point.copyUp === true) await fill(engine, record, point, volume.name)
    } catch (error) {
      if (fresh) await volumes.remove(volume.name)
      throw error
    }
    if (fresh) engine.events.emit('volume', 'create', volume.name, { driver: 'local' })
    return { ...point, name: volume.name, source: volumes.dataPath(volume.name) }
  })
}

/** What the image has at the destination, owner and mode of the folder included. An image without that folder leaves the volume as it is. */
async function fill(engine: Engine, record: ContainerRecord, { destination }: MountPoint, name: string): Promise<void> {
  const layers = layerDirs(engine, record)
  const view = layers.length === 0 ? undefined : new LayerView(layers)
  if (view?.stat(destination)?.type !== 'directory') return
  const volume = engine.volumes.get(name)
  mountVolume(engine, volume)
  try {
    const target = volumeSource(engine, volume)
    if (target.readOnly || fs.readdirSync(target.path).length > 0) return
    const alone = volumeUsers(engine, name).every((id) => id === record.id)
    if (alone && localMount(volume) === undefined) await fillWhole(view, destination, engine.volumes.folder(name))
    else await copyTree(view, destination, target.path)
  } finally {
    unmountUnused(engine, volume)
  }
}

/** A crash in the middle leaves the volume empty and not half full, which would never be filled again: rename(2) takes the place of an empty folder. */
async function fillWhole(view: LayerView, destination: string, folder: string): Promise<void> {
  const filling = path.join(folder, FILLING)
  await fs.promises.rm(filling, { recursive: true, force: true })
  fs.mkdirSync(filling, { mode: 0o700 })
  try {
    await copyTree(view, destination, filling)
    fs.renameSync(filling, path.join(folder, '_data'))
  } catch (error) {
    await fs.promises.rm(filling, { recursive: true, force: true })
    throw error
  }
}

/** Docker only lets a volume that the image or `-v /path` asks for take the place of a folder. */
function refuseForeignFile(engine: Engine, record: ContainerRecord, { anonymous, destination }: MountPoint): void {
  if (anonymous !== true) return
  const layers = layerDirs(engine, record)
  const type = layers.length === 0 ? undefined : new LayerView(layers).stat(destination)?.type
  if (type !== undefined && type !== 'directory')
    throw new UserError('invalid', `cannot mount volume over existing file, file exists ${destination}`)
}
