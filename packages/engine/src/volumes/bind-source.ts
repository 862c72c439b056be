/** Folders of the host that are mounted into containers: made for `-v`, refused for `--mount`, checked for propagation. mount_namespaces(7). */
import * as fs from 'node:fs'
import { UserError } from '@mini-docker/syscall'
import { StatusError } from '../api/status.ts'
import type { MountPoint } from './mount-point.ts'
import { mountOf, readMounts } from './mountinfo.ts'

/** Makes what `-v` asks for where it is missing, at each start as docker does, and checks the rest. @throws UserError or StatusError, in docker's words. */
export function readyBindSource({ source, createSource, propagation, defaultPropagation }: MountPoint): void {
  if (!fs.existsSync(source)) {
    if (createSource !== true)
      throw new UserError('invalid', `invalid mount config for type "bind": bind source path does not exist: ${source}`)
    try {
      fs.mkdirSync(source, { recursive: true, mode: 0o755 })
    } catch (error) {
      const why = (error as NodeJS.ErrnoException).code ?? String(error)
      throw new StatusError(500, `error while creating mount source path '${source}': mkdir ${source}: ${why}`)
    }
  }
  if (defaultPropagation !== true) checkPropagation(source, propagation)
}

/** Mounts that are to travel between host and container need a mount on the host that lets them. @throws StatusError 500, in docker's words. */
function checkPropagation(source: string, propagation: string): void {
  const mode = propagation.replace(/^r/, '')
  if (mode !== 'shared' && mode !== 'slave') return
  const mount = mountOf(fs.realpathSync(source), readMounts())
  if (mount === undefined || mount.shared || (mode === 'slave' && mount.slave)) return
  const wanted = mode === 'shared' ? 'shared' : 'shared or slave'
  throw new StatusError(500, `path ${source} is mounted on ${mount.mountPoint} but it is not a ${wanted} mount`, {
    hint: `mount --make-shared ${mount.mountPoint}`,
  })
}
