/**
 * A container's control group, described: made with its limits before anyone is in it, then joined.
 *
 *     cgroup.parent   host       mini-docker/ itself, only while it is not ready
 *     cgroup.create   host       one mkdir in each hierarchy, and one write for each limit that was asked for
 *     cgroup.devices  host       which device nodes may be made and opened
 *     cgroup.join     container  "0" (myself) into tasks of each v1 hierarchy
 *
 * In the v2 tree nobody joins: the process is born there (clone3 with CLONE_INTO_CGROUP, Linux ≥ 5.7), which spares the
 * wait that a migration costs and leaves no moment in which it runs unlimited. See cgroups(7), clone(2).
 */
import { AT_FDCWD, AT_REMOVEDIR, UserError, call, shellWord, type Call, type Step } from '@mini-docker/syscall'
import { cpusetParentSettings } from './controllers/cpuset.ts'
import { planDevices } from './device/plan.ts'
import { groupDirectory, groupPath, unifiedHierarchy, type CgroupLayout, type Hierarchy } from './layout.ts'
import { parentWork } from './parent.ts'
import type { OciLinuxResources } from './resources.ts'
import { limitWrites, neededControllers } from './settings.ts'
import { settingWork, workCalls, workShell, type Work } from './work.ts'

export type CgroupPlan = {
  steps: Step[]
  /** The group's directory in every hierarchy: what `cgroup.create` makes. */
  directories: string[]
  /** Where the container's first process must be born: open it and give it to clone3 as `cgroup`. On v2 **and** hybrid. */
  v2Directory?: string
}

/**
 * Plans a group `path` (`mini-docker/<id>`) with `resources`. Pure. `cgroup.join` is in the list on v1 and hybrid only;
 * it must run before CLONE_NEWCGROUP is unshared, so that the group becomes the root of that namespace.
 * @throws UserError for values out of range, controllers the kernel lacks, trees that cannot be written.
 */
export function planCgroup(layout: CgroupLayout, path: string, resources: OciLinuxResources): CgroupPlan {
  requireWritable(layout)
  const parent = parentWork(layout, path, neededControllers(layout, resources))
  const join = planJoin(layout, path)
  return {
    ...join,
    steps: [
      ...(parent.length === 0 ? [] : [hostStep('cgroup.parent', parent)]),
      createStep(layout, path, resources),
      ...planDevices(layout, path, resources.devices),
      ...join.steps,
    ],
  }
}

/** Plans joining a group that exists, for `exec`: the step `cgroup.join` on v1 and hybrid, and `v2Directory` to be born in. */
export function planJoin(layout: CgroupLayout, path: string): CgroupPlan {
  const unified = unifiedHierarchy(layout)
  const directories = layout.hierarchies.map((hierarchy) => groupDirectory(hierarchy, path))
  const work = layout.hierarchies.filter(({ version }) => version === 1).map((hierarchy) => joinWork(hierarchy, path))
  return {
    steps: work.length === 0 ? [] : [joinStep(work)],
    directories,
    ...(unified === undefined ? {} : { v2Directory: groupDirectory(unified, path) }),
  }
}

function createStep(layout: CgroupLayout, path: string, resources: OciLinuxResources): Step {
  const directories = layout.hierarchies.map((hierarchy) => groupDirectory(hierarchy, path))
  const work: Work[] = [
    ...directories.map((directory): Work => ({ do: 'mkdir', path: directory })),
    ...rootCpuset(layout, path),
    ...limitWrites(layout, path, resources),
  ]
  const undo = directories.map((directory): Call =>
    call('unlinkat', [AT_FDCWD, directory, AT_REMOVEDIR], { allow: ['ENOENT'] }),
  )
  return {
    ...hostStep('cgroup.create', work),
    undo,
    undoShell: directories.map((directory) => `rmdir ${shellWord(directory)}`),
  }
}

/** A v1 group directly below the root inherits no processors: nobody may switch `clone_children` on up there. */
function rootCpuset(layout: CgroupLayout, path: string): Work[] {
  const home = layout.hierarchies.find(({ version, cpuset }) => version === 1 && cpuset !== undefined)
  if (home?.cpuset === undefined || groupPath(path).includes('/')) return []
  const [cpus, mems] = cpusetParentSettings(home.cpuset)
  return settingWork(groupDirectory(home, path), [cpus, mems])
}

function hostStep(id: string, work: Work[]): Step {
  return { id, stage: 'cgroup', where: 'host', calls: workCalls(id, work), shell: workShell(work), man: ['cgroups(7)'] }
}

/**
 * `tasks` moves one thread and `cgroup.procs` the whole process; the child has one thread, so both mean the same. But before it
 * moves a process the kernel takes a lock against all forks of the machine, which costs 5 to 15 ms (an RCU grace period);
 * for the thread that writes "0" it does not need it (kernel/cgroup/cgroup.c, cgroup_procs_write_start; Linux ≥ 5.5): 0.04 ms.
 */
function joinWork(hierarchy: Hierarchy, path: string): Work {
  return { do: 'write', path: `${groupDirectory(hierarchy, path)}/tasks`, value: '0' }
}

function joinStep(work: Work[]): Step {
  const id = 'cgroup.join'
  return {
    id,
    stage: 'cgroup',
    where: 'container',
    calls: workCalls(id, work, { keepOpen: true }),
    shell: work.map((item) => `echo 0 > ${shellWord(item.path)}`),
    man: ['cgroups(7)'],
  }
}

function requireWritable(layout: CgroupLayout): void {
  const locked = layout.hierarchies.find(({ writable }) => !writable)
  if (locked === undefined) return
  throw new UserError('denied', `cannot make cgroups in ${locked.base}`, {
    hint: 'run as root, with the cgroup trees mounted read-write',
  })
}
