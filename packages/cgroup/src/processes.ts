/** Who is in a group: `cgroup.procs` of it and of the groups that the container made below it. cgroups(7). */
import { readdirSync } from 'node:fs'
import { readControl } from './control-file.ts'
import { groupDirectory, unifiedHierarchy, type CgroupLayout } from './layout.ts'
import { asSyscallError, errnoCode } from './work.ts'

/**
 * Process ids in a group, as this process's pid namespace sees them, ascending; zombies are not among them. Empty where
 * the group does not exist. Reads one hierarchy: v2 where there is one.
 */
export function processes(layout: CgroupLayout, path: string): number[] {
  const hierarchy = unifiedHierarchy(layout) ?? layout.hierarchies[0]
  return hierarchy === undefined ? [] : sorted(processesBelow(groupDirectory(hierarchy, path)))
}

/** The same from all hierarchies: also finds a process that has joined only some of them. */
export function processesAnywhere(layout: CgroupLayout, path: string): number[] {
  return sorted(layout.hierarchies.flatMap((hierarchy) => processesBelow(groupDirectory(hierarchy, path))))
}

function processesBelow(directory: string): number[] {
  const own = (readControl(`${directory}/cgroup.procs`) ?? '').split('\n').map(Number)
  return [...own, ...subgroups(directory).flatMap(processesBelow)]
}

/** Directories below a group; none where it does not exist. */
export function subgroups(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map((entry) => `${directory}/${entry.name}`)
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return []
    throw asSyscallError('getdents64', error, [directory])
  }
}

/** A process of another pid namespace is listed as 0, and kill(0) would hit our own process group. */
function sorted(pids: number[]): number[] {
  return [...new Set(pids)].filter((pid) => pid > 0).toSorted((a, b) => a - b)
}
