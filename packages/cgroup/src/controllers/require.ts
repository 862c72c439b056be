/** What every controller's writer needs: its hierarchy, or a refusal in docker's words. */
import { UserError } from '@mini-docker/syscall'
import { controllerHome, hasFile, type CgroupLayout, type Hierarchy } from '../layout.ts'

/**
 * The hierarchy of a controller that a limit needs.
 * @param what e.g. `memory limit`, as in docker's "Your kernel does not support memory limit capabilities …"
 * @throws UserError `unavailable` where the kernel lacks it.
 */
export function requireController(
  layout: CgroupLayout,
  what: string,
  v1Name: string,
  v2Name: string = v1Name,
): Hierarchy {
  const home = controllerHome(layout, v1Name, v2Name)
  if (home === undefined)
    throw unsupported(
      what,
      `cgroup controller ${layout.kind === 'v2' ? v2Name : v1Name} is missing: see /proc/cgroups, and cgroup_enable= of the kernel command line`,
    )
  return home
}

/** Refuses a limit whose file this kernel is known not to have. */
export function requireFile(
  home: Hierarchy,
  what: string,
  file: string,
  hint = `${home.mountPoint}: groups have no file ${file}`,
): void {
  if (hasFile(home, file) === 'no') throw unsupported(what, hint)
}

export function unsupported(what: string, hint: string): UserError {
  return new UserError(
    'unavailable',
    `your kernel does not support ${what} capabilities or the cgroup is not mounted`,
    { hint },
  )
}

export function invalid(message: string, hint?: string): UserError {
  return new UserError('invalid', message, hint === undefined ? {} : { hint })
}

/** An integer as the kernel reads it. JSON's numbers beyond 2⁵³ are rounded, which no limit in practice reaches. */
export function integer(what: string, value: number, minimum = -1): string {
  if (!Number.isInteger(value) || value < minimum)
    throw invalid(`invalid ${what} ${value}`, `an integer of at least ${minimum}`)
  return BigInt(value).toString()
}

/** v2 writes `max` where v1 writes -1. */
export function maxOr(what: string, value: number): string {
  return value === -1 ? 'max' : integer(what, value)
}
