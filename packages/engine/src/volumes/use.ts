/** Who uses a volume, and taking away what nobody does. */
import { UserError } from '@mini-docker/syscall'
import type { Engine } from '../engine.ts'
import { localMount, unmountUnused } from './host-mount.ts'
import type { MountPoint } from './mount-point.ts'
import { mountOf, readMounts } from './mountinfo.ts'

/** Ids of the containers, running or not, that have the volume, and of those that are being made with it. */
export function volumeUsers(engine: Engine, name: string): string[] {
  const users = engine.containers
    .all()
    .flatMap(({ id, record }) => (record.mounts.some((mount) => mount.name === name) ? [id] : []))
  return [...new Set([...users, ...engine.volumes.holders(name)])]
}

/** Removes a volume and its files. @throws UserError `not-found`, or `conflict` while a container has it, in docker's words. */
export function removeVolume(engine: Engine, name: string): Promise<void> {
  return engine.volumes.locked(name, async () => {
    const volume = engine.volumes.get(name)
    const users = volumeUsers(engine, name)
    if (users.length > 0) throw new UserError('conflict', `remove ${name}: volume is in use - [${users.join(', ')}]`)
    unmountUnused(engine, volume)
    refuseMounted(engine, name)
    await engine.volumes.remove(name)
    engine.events.emit('volume', 'destroy', name, { driver: 'local' })
  })
}

/** What somebody mounted in a volume is not ours to delete, and would be deleted with it. */
function refuseMounted(engine: Engine, name: string): void {
  const folder = engine.volumes.folder(name)
  const inside = readMounts().find(({ mountPoint }) => mountOf(mountPoint, [{ ...NO_MOUNT, mountPoint: folder }]))
  if (inside === undefined) return
  throw new UserError('conflict', `remove ${name}: something is mounted at ${inside.mountPoint}`, {
    hint: `umount ${inside.mountPoint}`,
  })
}

const NO_MOUNT = { shared: false, slave: false }

/** The volumes of a container that nobody named, unless another container took them over with `--volumes-from`. */
export async function removeAnonymousVolumes(engine: Engine, points: readonly MountPoint[]): Promise<void> {
  for (const { anonymous, name } of points) {
    if (anonymous !== true || name === undefined || !engine.volumes.has(name)) continue
    try {
      await removeVolume(engine, name)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      if (volumeUsers(engine, name).length === 0) engine.log(`volume ${name} is left: ${error.message}`)
    }
  }
}

/** Takes away mounts of volumes that no running container has: a daemon was killed before it could. Returns their names. */
export function sweepVolumeMounts(engine: Engine): string[] {
  const mounted = new Set(readMounts().map(({ mountPoint }) => mountPoint))
  return engine.volumes.all().flatMap((volume) => {
    if (!mounted.has(engine.volumes.dataPath(volume.name)) || localMount(volume) === undefined) return []
    return unmountUnused(engine, volume) ? [volume.name] : []
  })
}
