/** Makes the sources of a container's mounts: folders for `-v`, volumes, and what an empty volume takes over from the image. */
import * as fs from 'node:fs'
import { copyTree, LayerView } from '@mini-docker/unionfs'
import { layerDirs } from '../containers/layers.ts'
import type { ContainerRecord } from '../containers/model.ts'
import type { Engine } from '../engine.ts'
import type { MountPoint } from './mount-point.ts'

/** Volumes exist and have their source afterwards. Done at create, as docker does: an empty volume is filled once. When one fails, none is left. */
export async function prepareVolumes(engine: Engine, record: ContainerRecord): Promise<MountPoint[]> {
  const points: MountPoint[] = []
  try {
    for (const point of record.mounts)
      points.push(point.type === 'volume' ? await prepareVolume(engine, record, point) : point)
    return points
  } catch (error) {
    await removeAnonymousVolumes(engine, points)
    throw error
  }
}

async function prepareVolume(engine: Engine, record: ContainerRecord, point: MountPoint): Promise<MountPoint> {
  const { volume, fresh } = engine.volumes.ensure(point.name ?? '')
  const source = engine.volumes.dataPath(volume.name)
  try {
    if (point.copyUp === true && (fresh || fs.readdirSync(source).length === 0))
      await fillFromImage(layerDirs(engine, record), point.destination, source)
  } catch (error) {
    if (fresh) await engine.volumes.remove(volume.name)
    throw error
  }
  if (fresh) engine.events.emit('volume', 'create', volume.name, { driver: 'local' })
  return { ...point, name: volume.name, source }
}

/** What the image has at the destination, owner and mode of the folder included. An image without that folder leaves the volume empty. */
async function fillFromImage(layers: string[], destination: string, source: string): Promise<void> {
  if (layers.length === 0) return
  const view = new LayerView(layers)
  if (view.stat(destination)?.type === 'directory') await copyTree(view, destination, source)
}

/** Missing folders on the host for `-v`: at each start, as docker does. */
export function createBindSources(points: MountPoint[]): void {
  for (const { type, createSource, source } of points)
    if (type === 'bind' && createSource === true) fs.mkdirSync(source, { recursive: true })
}

/** The volumes of a container that nobody named. */
export async function removeAnonymousVolumes(engine: Engine, points: MountPoint[]): Promise<void> {
  for (const { anonymous, name } of points) {
    if (anonymous !== true || name === undefined || name === '') continue
    await engine.volumes.remove(name)
    engine.events.emit('volume', 'destroy', name, { driver: 'local' })
  }
}
