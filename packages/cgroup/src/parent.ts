/**
 * The group above the containers: made once, with what its children need.
 *
 * cgroup v2 hands controllers down level by level: a group's files of a controller exist only when every group above has
 * it in `cgroup.subtree_control`. And a group with processes of its own, except the machine's root, may not hand any
 * down (the no-internal-process rule, cgroups(7)). The parent never has processes; the daemon's own group may, see `delegate`.
 */
import { UserError, type Errno } from '@mini-docker/syscall'
import { cpusetParentSettings } from './controllers/cpuset.ts'
import { groupPath, type CgroupLayout, type Hierarchy, type V2Hierarchy } from './layout.ts'
import { settingWork, type Work } from './work.ts'

/** What containers get without asking, for statistics and so that `update` can limit them later. */
const WANTED = ['cpuset', 'cpu', 'io', 'memory', 'pids']

/**
 * What is still to do above the group `path`: directories, processors of a v1 cpuset, v2 controllers. Nothing where the
 * layout knows the parent to be ready.
 * @throws UserError `unavailable` when a needed controller cannot be handed down.
 */
export function parentWork(layout: CgroupLayout, path: string, needed: readonly string[]): Work[] {
  const ancestors = ancestorsOf(path)
  return layout.hierarchies.flatMap((hierarchy) =>
    hierarchy.version === 1 ? v1Work(layout, hierarchy, ancestors) : v2Work(layout, hierarchy, ancestors, needed),
  )
}

/** `a/b/c` → `a`, `a/b`. */
function ancestorsOf(path: string): string[] {
  const parts = groupPath(path).split('/')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
}

function v1Work(layout: CgroupLayout, hierarchy: Hierarchy & { version: 1 }, ancestors: string[]): Work[] {
  return ancestors.flatMap((ancestor): Work[] => {
    if (ancestor === layout.parent && hierarchy.parentReady) return []
    const directory = `${hierarchy.base}/${ancestor}`
    const inherit = hierarchy.cpuset === undefined ? [] : settingWork(directory, cpusetParentSettings(hierarchy.cpuset))
    return [{ do: 'mkdir', path: directory, mayExist: true }, ...inherit]
  })
}

function v2Work(layout: CgroupLayout, hierarchy: V2Hierarchy, ancestors: string[], needed: readonly string[]): Work[] {
  const wanted = WANTED.filter((name) => hierarchy.controllers.includes(name) && !needed.includes(name))
  const work: Work[] = handDown(
    hierarchy,
    hierarchy.base,
    hierarchy.handedDown,
    needed,
    hierarchy.hasProcesses ? [] : wanted,
  )
  for (const ancestor of ancestors) {
    const directory = `${hierarchy.base}/${ancestor}`
    const known = ancestor === layout.parent ? hierarchy.parentHandsDown : undefined
    if (known === undefined) work.push({ do: 'mkdir', path: directory, mayExist: true })
    // Where the base may not hand down, what it hands down already is all there is.
    const within = hierarchy.hasProcesses ? wanted.filter((name) => hierarchy.handedDown.includes(name)) : wanted
    work.push(...handDown(undefined, directory, known ?? [], needed, within))
  }
  return work
}

/**
 * Controllers that a limit needs in one write, which must succeed; the rest in another, which may fail: the kernel takes
 * a write whole or not at all, and a machine may refuse a controller for reasons of its own (cpu with real-time processes).
 */
function handDown(
  base: V2Hierarchy | undefined,
  directory: string,
  has: readonly string[],
  needed: readonly string[],
  wanted: readonly string[],
): Work[] {
  const file = `${directory}/cgroup.subtree_control`
  const missing = needed.filter((name) => !has.includes(name))
  if (base?.hasProcesses && missing.length > 0)
    throw new UserError(
      'unavailable',
      `cgroup ${directory} holds processes, so it cannot hand ${missing.join(', ')} to containers`,
      {
        hint: 'the no-internal-process rule of cgroup v2: start the daemon in a group of its own, or let it move what is there (delegate)',
      },
    )
  const extra = wanted.filter((name) => !has.includes(name))
  return [
    ...(missing.length > 0 ? [{ do: 'write' as const, path: file, value: plus(missing) }] : []),
    ...(extra.length > 0 ? [{ do: 'write' as const, path: file, value: plus(extra), allow: HAND_DOWN_ERRORS }] : []),
  ]
}

/** Processes in the way, real-time processes, no such controller, a threaded group. */
const HAND_DOWN_ERRORS: Errno[] = ['EBUSY', 'EINVAL', 'ENOENT', 'EOPNOTSUPP']

function plus(controllers: readonly string[]): string {
  return controllers.map((name) => `+${name}`).join(' ')
}
