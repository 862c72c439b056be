/**
 * Stopping every process of a group at once, without their noticing. cgroup-v1/freezer-subsystem.html, cgroup-v2.html (cgroup.freeze).
 *
 *     v1   freezer.state   THAWED → FREEZING → FROZEN      a frozen process cannot even be killed
 *     v2   cgroup.freeze   1, and "frozen 1" in cgroup.events      SIGKILL still works
 */
import { UserError, type Step } from '@mini-docker/syscall'
import { readControl, readKeyed } from './control-file.ts'
import { controllerHome, groupDirectory, unifiedHierarchy, type CgroupLayout } from './layout.ts'
import { poll } from './poll.ts'
import { settingWork, workCalls, workShell, writeControl } from './work.ts'

type Freezer = { version: 1 | 2; directory: string }

/** v1's freezer where it is mounted: on a hybrid, that is what other tools look at too. */
function freezerOf(layout: CgroupLayout, path: string): Freezer {
  const home = controllerHome(layout, 'freezer') ?? unifiedHierarchy(layout)
  if (home === undefined)
    throw new UserError('unavailable', 'the kernel has no cgroup freezer', {
      hint: 'mount the v1 controller freezer, or cgroup2',
    })
  return { version: home.version, directory: groupDirectory(home, path) }
}

/**
 * Stops every process of a group. Resolves when all stand still.
 * @throws UserError `unavailable` when that takes longer than `timeoutMs` (5 s); the group is thawed again.
 * @throws SyscallError ENOENT for a group that does not exist.
 */
export async function freeze(layout: CgroupLayout, path: string, { timeoutMs = 5000 } = {}): Promise<void> {
  const freezer = freezerOf(layout, path)
  if (freezer.version === 2) setV2(freezer, true)
  const done = await poll(timeoutMs, (attempt) => {
    if (freezer.version === 1) setV1Frozen(freezer, attempt)
    return isFrozen(layout, path)
  })
  if (done) return
  await thaw(layout, path)
  throw new UserError('unavailable', `cgroup ${path} did not freeze within ${timeoutMs} ms`, {
    hint: 'a process waits for a device or a dead network mount (state D in ps)',
  })
}

/** Lets the processes of a group run on. @throws SyscallError ENOENT for a group that does not exist. */
export async function thaw(layout: CgroupLayout, path: string, { timeoutMs = 5000 } = {}): Promise<void> {
  const freezer = freezerOf(layout, path)
  if (freezer.version === 1) writeControl(`${freezer.directory}/freezer.state`, 'THAWED')
  else setV2(freezer, false)
  if (await poll(timeoutMs, () => !isFrozen(layout, path))) return
  throw new UserError('unavailable', `cgroup ${path} is still frozen`, { hint: 'a group above it is frozen' })
}

/** Whether all processes of a group stand still. False where it does not exist. */
export function isFrozen(layout: CgroupLayout, path: string): boolean {
  const { version, directory } = freezerOf(layout, path)
  if (version === 1) return readControl(`${directory}/freezer.state`) === 'FROZEN'
  return readKeyed(`${directory}/cgroup.events`)['frozen'] === 1
}

/** The step `cgroup.freeze` or `cgroup.thaw`: what stops a group's processes, or lets them go on. Whether it worked is asked until it has. */
export function planFreezer(layout: CgroupLayout, path: string, frozen: boolean): Step {
  const { version, directory } = freezerOf(layout, path)
  const file = version === 1 ? 'freezer.state' : 'cgroup.freeze'
  const value = version === 1 ? (frozen ? 'FROZEN' : 'THAWED') : frozen ? '1' : '0'
  const id = frozen ? 'cgroup.freeze' : 'cgroup.thaw'
  const work = settingWork(directory, [{ file, value }])
  return { id, stage: 'cgroup', where: 'host', calls: workCalls(id, work), shell: workShell(work), man: ['cgroups(7)'] }
}

const RESTART_EVERY = 25

/**
 * The state is computed when it is written or read, and a process that forks or enters the group meanwhile can leave it at
 * FREEZING for good: write again each time, and start over now and then (as runc does).
 */
function setV1Frozen({ directory }: Freezer, attempt: number): void {
  if (attempt % RESTART_EVERY === RESTART_EVERY - 1) writeControl(`${directory}/freezer.state`, 'THAWED')
  writeControl(`${directory}/freezer.state`, 'FROZEN')
}

function setV2({ directory }: Freezer, frozen: boolean): void {
  writeControl(`${directory}/cgroup.freeze`, frozen ? '1' : '0')
}
