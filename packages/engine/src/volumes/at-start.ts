/**
 * What a start does about mounts before the plan: folders for `-v` are made, filesystems of volumes mounted, and what the kernel
 * would refuse without a reason is refused with one. The plan's own calls look everything up again: nothing depends on what was seen here.
 */
import { AT_FDCWD, O_DIRECTORY, O_PATH, openat, openBeneath, SyscallError } from '@mini-docker/syscall'
import { StatusError } from '../api/status.ts'
import type { Container } from '../containers/model.ts'
import type { Engine } from '../engine.ts'
import { readyBindSource } from './bind-source.ts'
import { mountVolume, unmountUnused, volumeSource } from './host-mount.ts'
import type { MountPoint } from './mount-point.ts'

/** For a start: as `holdMounts`, until the container runs or failed to; tells the world. */
export async function readyMounts(engine: Engine, container: Container): Promise<Disposable> {
  using held = await holdMounts(engine, container)
  for (const { type, name = '', destination, propagation, readOnly } of container.record.mounts) {
    if (type !== 'volume') continue
    const details = { destination, driver: 'local', propagation, 'read/write': String(!readOnly) }
    engine.events.emit('volume', 'mount', name, { container: container.id, ...details })
  }
  return held.move()
}

/** Everything the container's mounts need is there while this is held. Then filesystems that nobody runs with are unmounted. */
export async function holdMounts(engine: Engine, { id, record }: Container): Promise<DisposableStack> {
  using holds = new DisposableStack()
  for (const point of record.mounts) {
    if (point.type === 'bind') readyBindSource(point)
    if (point.type === 'volume') await holdVolume(engine, id, point, holds)
  }
  return holds.move()
}

function holdVolume(
  engine: Engine,
  id: string,
  { name = '', subpath }: MountPoint,
  holds: DisposableStack,
): Promise<void> {
  return engine.volumes.locked(name, () => {
    const volume = engine.volumes.get(name)
    holds.defer(() => void unmountUnused(engine, volume))
    holds.use(engine.volumes.hold(name, id))
    mountVolume(engine, volume)
    if (subpath !== undefined) checkSubpath(volumeSource(engine, volume).path, subpath)
  })
}

/** After the container's end, or the failure of its start: filesystems that only it used are unmounted. */
export async function leaveVolumes(engine: Engine, { id, record }: Container): Promise<void> {
  for (const { type, name = '' } of record.mounts) {
    if (type !== 'volume' || !engine.volumes.has(name)) continue
    await engine.volumes.locked(name, () => unmountUnused(engine, engine.volumes.get(name), id))
    engine.events.emit('volume', 'unmount', name, { container: id, driver: 'local' })
  }
}

/** The mounts as the kernel gets them: the folder behind a volume that is one of the host's. */
export function sourcesOf(engine: Engine, points: MountPoint[]): MountPoint[] {
  return points.map((point) => {
    if (point.type !== 'volume' || !engine.volumes.has(point.name ?? '')) return point
    const { path, readOnly } = volumeSource(engine, engine.volumes.get(point.name ?? ''))
    return { ...point, source: path, readOnly: point.readOnly || readOnly }
  })
}

function checkSubpath(volume: string, subpath: string): void {
  try {
    using base = openat(AT_FDCWD, volume, O_PATH | O_DIRECTORY)
    using _part = openBeneath(base.number, subpath)
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error
    if (error.code === 'EXDEV')
      throw new StatusError(400, `path concatenation escapes the base directory, base: ${volume}, subpath: ${subpath}`)
    throw new StatusError(500, `cannot access path ${volume}/${subpath}: ${error.code}`, { hint: error.hint })
  }
}
