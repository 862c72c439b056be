/**
 * Volumes with options of mount(8). A folder of the host is bound in each container's own mount namespace; any other filesystem is
 * mounted once at `volumes/<name>/_data`, since its containers share it, and unmounted with the last of them. Nothing is written down
 * about that: what is mounted says the kernel, who uses it say the containers (docs/decisions/009-volumes-with-options.md).
 */
import * as fs from 'node:fs'
import { invoke, MNT_DETACH, MS_RDONLY, SyscallError } from '@mini-docker/syscall'
import { StatusError } from '../api/status.ts'
import type { Engine } from '../engine.ts'
import { parseDriverOptions, type LocalMount } from './driver-options.ts'
import { readMounts } from './mountinfo.ts'
import type { Volume } from './store.ts'

/** Where the files of a volume are, for who mounts it into a container. */
export type VolumeSource = { path: string; readOnly: boolean }

/** Undefined for a volume that is a folder of its own. */
export function localMount({ name, options }: Volume): LocalMount | undefined {
  return options === undefined ? undefined : parseDriverOptions(options, name)
}

export function volumeSource(engine: Engine, volume: Volume): VolumeSource {
  const mount = localMount(volume)
  return mount?.kind === 'folder'
    ? { path: mount.device, readOnly: (mount.options.flags & MS_RDONLY) !== 0 }
    : { path: engine.volumes.dataPath(volume.name), readOnly: false }
}

/**
 * Makes the files of a volume reachable at its source: mounts what has to be. For those who hold its lock.
 * @throws StatusError 500, in docker's words, when the kernel refuses or the folder is gone.
 */
export function mountVolume(engine: Engine, volume: Volume): void {
  const [mount, dataPath] = [localMount(volume), engine.volumes.dataPath(volume.name)]
  const failed = (why: string, hint?: string): StatusError =>
    new StatusError(500, `error while mounting volume '${dataPath}': ${why}`, { hint })
  const folder = mount?.kind === 'folder' ? mount.device : dataPath
  if (fs.statSync(folder, { throwIfNoEntry: false }) === undefined)
    throw failed(
      `${folder}: no such file or directory`,
      `somebody removed it: make it again, or remove the volume ${volume.name}`,
    )
  if (mount?.kind !== 'filesystem' || isMounted(dataPath)) return
  const { device, type, options } = mount
  try {
    invoke('mount', device, dataPath, type, options.flags, options.data === '' ? null : options.data)
    if (options.propagation !== 0) invoke('mount', null, dataPath, null, options.propagation, null)
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error
    const secret = /password=[^,]*/g
    throw failed(
      `failed to mount local volume: mount ${device}:${dataPath}, data: ${options.data.replaceAll(secret, 'password=********')}: ${error.code}`,
      error.hint,
    )
  }
}

/** Takes the mount of a volume away when no container runs with it, except `leaving`. For those who hold its lock. */
export function unmountUnused(engine: Engine, volume: Volume, leaving?: string): boolean {
  if (localMount(volume)?.kind !== 'filesystem') return false
  const used = engine.containers
    .all()
    .some(
      ({ id, alive, record }) => alive && id !== leaving && record.mounts.some((mount) => mount.name === volume.name),
    )
  if (used || engine.volumes.holders(volume.name).length > 0) return false
  const dataPath = engine.volumes.dataPath(volume.name)
  if (!isMounted(dataPath)) return false
  invoke('umount2', dataPath, MNT_DETACH)
  return true
}

function isMounted(dataPath: string): boolean {
  return readMounts().some(({ mountPoint }) => mountPoint === dataPath)
}
