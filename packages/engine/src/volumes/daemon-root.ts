/**
 * Binds that reach into the daemon's own folder: `-v /:/host` and the like. What is mounted there for volumes must not be held by a
 * container that only looks on after the daemon has unmounted it, so that the bind follows the host's mounts. As docker, by its words.
 */
import { UserError } from '@mini-docker/syscall'
import type { MountPoint } from './mount-point.ts'
import { isWithin } from './mountinfo.ts'

/** `rslave` where nothing was asked for. @throws UserError `invalid` for a propagation that would hold on to the daemon's mounts. */
export function followDaemonRoot(points: readonly MountPoint[], root: string): MountPoint[] {
  return points.map((point) => {
    const { type, source, propagation } = point
    if (type !== 'bind' || (!isWithin(source, root) && !isWithin(root, source))) return point
    if (point.defaultPropagation === true) return { ...point, propagation: 'rslave' }
    if (propagation === 'rslave' || propagation === 'rshared') return point
    const [daemonRoot, bindSource, asked] = [root, source, propagation].map((text) => JSON.stringify(text))
    throw new UserError(
      'invalid',
      `invalid mount config: must use either propagation mode "rslave" or "rshared" when mount source is within the daemon root, daemon root: ${daemonRoot}, bind mount source: ${bindSource}, propagation: ${asked}`,
    )
  })
}
