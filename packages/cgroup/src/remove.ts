/** Taking a group away again: rmdir(2), in every hierarchy. cgroups(7). */
import { rmdirSync } from 'node:fs'
import { AT_FDCWD, AT_REMOVEDIR, call, shellWord, tell, type Step } from '@mini-docker/syscall'
import { groupDirectory, type CgroupLayout } from './layout.ts'
import { poll } from './poll.ts'
import { subgroups } from './processes.ts'
import { asSyscallError, errnoCode } from './work.ts'

/**
 * Removes a group in all hierarchies, and first the groups that the container made below it. What is gone already is
 * fine. Its processes must be dead (see `kill`); one that has just died holds the group for a moment more, so EBUSY is
 * tried again for `timeoutMs` (2 s).
 * @throws SyscallError EBUSY when processes are left.
 */
export async function remove(layout: CgroupLayout, path: string, { timeoutMs = 2000 } = {}): Promise<void> {
  const left = new Set(layout.hierarchies.map((hierarchy) => groupDirectory(hierarchy, path)))
  let last: unknown
  const done = await poll(timeoutMs, () => {
    for (const directory of left) {
      const error = removeTree(directory)
      if (error === undefined) left.delete(directory)
      else last = error
    }
    return left.size === 0
  })
  if (done) return
  throw asSyscallError('rmdir', last, [[...left][0] ?? path], 'processes are left in the cgroup: see its cgroup.procs')
}

/** The step `cgroup.remove`: the directories of a group without processes go. */
export function planRemove(layout: CgroupLayout, path: string): Step {
  const directories = layout.hierarchies.map((hierarchy) => groupDirectory(hierarchy, path))
  return {
    id: 'cgroup.remove',
    stage: 'cgroup',
    where: 'host',
    calls: directories.map((directory) =>
      call('unlinkat', [AT_FDCWD, directory, AT_REMOVEDIR], { allow: ['ENOENT', 'EBUSY'] }),
    ),
    shell: directories.map((directory) => `rmdir ${shellWord(directory)}`),
    man: ['rmdir(2)', 'cgroups(7)'],
  }
}

/** Depth first, though most groups have no children: those are found only after EBUSY. Returns the error that may pass. */
function removeTree(directory: string): unknown {
  try {
    tell(
      'cgroup.remove',
      () => `rmdir("${directory}")`,
      () => rmdirSync(directory),
    )
    return undefined
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return undefined
    if (errnoCode(error) !== 'EBUSY') throw asSyscallError('rmdir', error, [directory])
    const children = subgroups(directory)
    const failed = children.map(removeTree).find((childError) => childError !== undefined)
    return failed ?? (children.length > 0 ? removeTree(directory) : error)
  }
}
