/** What a daemon does once with the group above its containers: make it, give it up, and get its own processes out of the way. */
import { rmdirSync } from 'node:fs'
import { readControl } from './control-file.ts'
import { groupDirectory, type CgroupLayout } from './layout.ts'
import { parentWork } from './parent.ts'
import { HOST_LEAF, readCgroupLayout } from './read-layout.ts'
import { asSyscallError, errnoCode, performWork, writeControl } from './work.ts'

/**
 * Makes the parent group in all hierarchies, with cpuset and controllers handed down, and returns the layout that knows
 * it: plans made with that one have no `cgroup.parent` step and look at files that really exist. Root only.
 */
export function prepareParent(layout: CgroupLayout): CgroupLayout {
  performWork(parentWork(layout, `${layout.parent}/any`, []))
  return readCgroupLayout({ parent: layout.parent })
}

/** Removes the parent group where it is empty; where containers are left, it stays. */
export function releaseParent(layout: CgroupLayout): void {
  for (const hierarchy of layout.hierarchies) {
    const directory = groupDirectory(hierarchy, layout.parent)
    try {
      rmdirSync(directory)
    } catch (error) {
      if (errnoCode(error) !== 'ENOENT' && errnoCode(error) !== 'EBUSY')
        throw asSyscallError('rmdir', error, [directory])
    }
  }
}

/**
 * On v2 below the root of the machine (a daemon in a container, or in a systemd unit with Delegate=yes): moves every
 * process of the daemon's own group into a leaf `mini-docker.host` below it, so that the group may hand controllers down.
 * What Docker in Docker's start script does. Nothing to do elsewhere. Returns the layout afterwards.
 */
export function delegate(layout: CgroupLayout): CgroupLayout {
  const crowded = layout.hierarchies.find((hierarchy) => hierarchy.version === 2 && hierarchy.hasProcesses)
  if (crowded === undefined) return layout
  const leaf = `${crowded.base}/${HOST_LEAF}`
  performWork([{ do: 'mkdir', path: leaf, mayExist: true }])
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const pids = (readControl(`${crowded.base}/cgroup.procs`) ?? '')
      .split('\n')
      .filter((pid) => pid !== '' && pid !== '0')
    if (pids.length === 0) break
    // ESRCH: ended meanwhile. A process forks faster than it is read: hence the rounds.
    for (const pid of pids) writeControl(`${leaf}/cgroup.procs`, pid, ['ESRCH'])
  }
  return readCgroupLayout({ parent: layout.parent })
}

const MOST_ROUNDS = 20
