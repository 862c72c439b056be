/** `--volumes-from CONTAINER[:ro]`: the mounts of another container, running or not. */
import { UserError } from '@mini-docker/syscall'
import type { Engine } from '../engine.ts'
import { isMode } from './bind-spec.ts'
import { PROPAGATIONS } from './destination.ts'
import type { MountPoint } from './mount-point.ts'

/** What is taken over, of several at one place the last. @throws UserError `invalid`, in docker's words. */
export function inheritedMounts(engine: Engine, specs: readonly string[]): MountPoint[] {
  const byDestination = new Map<string, MountPoint>()
  for (const spec of specs) {
    const { reference, readOnly } = parseVolumesFrom(spec)
    for (const point of find(engine, reference)) {
      if (point.unlisted === true) continue
      byDestination.set(point.destination, {
        ...point,
        readOnly: point.readOnly || readOnly,
        // What is taken over has its content already, and was not written as an option of this container.
        copyUp: false,
        mode: '',
      })
    }
  }
  return [...byDestination.values()]
}

/** @throws UserError `invalid`, in docker's words. */
export function parseVolumesFrom(spec: string): { reference: string; readOnly: boolean } {
  if (spec === '') throw new UserError('invalid', 'volumes-from specification cannot be an empty string')
  const colon = spec.indexOf(':')
  const [reference, mode] = colon === -1 ? [spec, ''] : [spec.slice(0, colon), spec.slice(colon + 1)]
  const words = mode.split(',')
  if (!isMode(mode) || words.some((word) => PROPAGATIONS.includes(word) || word === 'nocopy'))
    throw new UserError('invalid', `invalid mode: ${mode}`)
  return { reference, readOnly: words.includes('ro') }
}

/** 400 and not 404: docker's client would take that for a missing image. */
function find(engine: Engine, reference: string): MountPoint[] {
  try {
    return engine.containers.find(reference).record.mounts
  } catch (cause) {
    throw new UserError('invalid', cause instanceof Error ? cause.message : String(cause), { cause })
  }
}
