/** GET /containers/{id}/changes: what the container changed in its image. */
import * as path from 'node:path'
import { diffUpper, LayerView, type Change } from '@mini-docker/unionfs'
import type { Engine } from '../engine.ts'
import { layerDirs } from './layers.ts'
import type { Container } from './model.ts'

/** Docker's numbers. */
const KINDS = { C: 0, A: 1, D: 2 }

export type ChangeItem = { Path: string; Kind: number }

/** As the API shows them. */
export function changesForApi(engine: Engine, container: Container): ChangeItem[] {
  return withoutMountPoints(containerChanges(engine, container)).map((change) => ({
    Path: change.path,
    Kind: KINDS[change.kind],
  }))
}

/** Everything that the upper directory has over the image, places of our own mounts included. */
export function containerChanges(engine: Engine, { record, dir }: Container): Change[] {
  const layers = layerDirs(engine, record)
  return diffUpper(path.join(dir, 'upper'), new LayerView(layers))
}

const MOUNT_POINTS = new Set(['/dev', '/proc', '/sys', '/etc/hosts', '/etc/hostname', '/etc/resolv.conf'])

/** What was made only to mount on it. Docker has these in a layer of their own, so that they are no change of the container. */
export function withoutMountPoints(changes: readonly Change[]): Change[] {
  const made = madeForMounts(changes)
  return changes.filter((change) => !made.has(change.path))
}

/** The paths of those: the places of the engine's own mounts that hold nothing else, and `/etc` when nothing else in it changed. */
export function madeForMounts(changes: readonly Change[]): Set<string> {
  const isPlace = (change: Change): boolean =>
    change.kind === 'A' &&
    MOUNT_POINTS.has(change.path) &&
    !changes.some(({ path: other }) => other.startsWith(`${change.path}/`))
  const made = new Set(changes.filter(isPlace).map(({ path: place }) => place))
  const inEtc = changes.filter(({ path: place }) => place.startsWith('/etc/'))
  if (inEtc.length > 0 && inEtc.every(({ path: place }) => made.has(place))) made.add('/etc')
  return made
}
