/** GET /containers/{id}/changes: what the container changed in its image. */
import * as path from 'node:path'
import { diffUpper, LayerView, type Change } from '@mini-docker/unionfs'
import type { Engine } from '../engine.ts'
import { layerDirs } from './layers.ts'
import type { Container } from './model.ts'

/** Docker's numbers. */
const KINDS = { C: 0, A: 1, D: 2 }

export type ChangeItem = { Path: string; Kind: number }

export function containerChanges(engine: Engine, { record, dir }: Container): ChangeItem[] {
  const changes = diffUpper(path.join(dir, 'upper'), new LayerView(layerDirs(engine, record)))
  return withoutMountPoints(changes).map((change) => ({ Path: change.path, Kind: KINDS[change.kind] }))
}

const MOUNT_POINTS = new Set(['/dev', '/proc', '/sys', '/etc/hosts', '/etc/hostname', '/etc/resolv.conf'])

/** What was made only to mount on it. Docker has these in a layer of their own, so that they are no change of the container. */
export function withoutMountPoints(changes: Change[]): Change[] {
  const own = changes.filter((change) => change.kind !== 'A' || !MOUNT_POINTS.has(change.path))
  const etcTouched = own.some((change) => change.path.startsWith('/etc/'))
  const madeInEtc = own.length < changes.length && changes.some((change) => change.path.startsWith('/etc/'))
  return own.filter((change) => change.path !== '/etc' || etcTouched || !madeInEtc)
}
