/** The end of every process of a group. cgroup-v2.html (cgroup.kill, Linux ≥ 5.14), kill(2). */
import { UserError } from '@mini-docker/syscall'
import { freeze, thaw } from './freezer.ts'
import { controllerHome, groupDirectory, unifiedHierarchy, type CgroupLayout } from './layout.ts'
import { poll } from './poll.ts'
import { processesAnywhere } from './processes.ts'
import { errnoCode, writeControl } from './work.ts'
import { readControl } from './control-file.ts'

/**
 * Kills all processes of a group, frozen ones too, and resolves when none is left. Nothing to do where the group does not
 * exist. Fork bombs do not win: cgroup.kill is one operation, and without it the group is frozen while the signals go out.
 * @throws UserError `unavailable` when processes are left after `timeoutMs` (10 s), `invalid` when this process is one of them.
 */
export async function kill(layout: CgroupLayout, path: string, { timeoutMs = 10_000 } = {}): Promise<void> {
  if (processesAnywhere(layout, path).includes(process.pid))
    throw new UserError('invalid', `cgroup ${path} holds this process itself`, {
      hint: 'kill a container group, not the daemon',
    })
  const end = performance.now() + timeoutMs
  for (;;) {
    await killOnce(layout, path)
    const restMs = Math.max(0, Math.min(end - performance.now(), 500))
    if (await poll(restMs, () => processesAnywhere(layout, path).length === 0)) return
    if (performance.now() >= end) break
  }
  const left = processesAnywhere(layout, path)
  throw new UserError('unavailable', `cgroup ${path} still has processes ${left.join(' ')} after SIGKILL`, {
    hint: 'they wait for a device or a dead network mount (state D in ps)',
  })
}

async function killOnce(layout: CgroupLayout, path: string): Promise<void> {
  if (killAtOnce(layout, path)) {
    await thawV1(layout, path)
    // Whoever has joined a v1 hierarchy but not the v2 tree.
    signalAll(layout, path)
    return
  }
  if (processesAnywhere(layout, path).length === 0) return
  await freeze(layout, path, { timeoutMs: 500 }).catch(() => undefined)
  signalAll(layout, path)
  await ifGroupExists(thaw(layout, path))
}

/** True where the kernel has cgroup.kill for this group. It may be the v2 tree of a hybrid. */
function killAtOnce(layout: CgroupLayout, path: string): boolean {
  const unified = unifiedHierarchy(layout)
  if (unified === undefined) return false
  try {
    writeControl(`${groupDirectory(unified, path)}/cgroup.kill`, '1')
    return true
  } catch (error) {
    if (errnoCode(error) === 'ENOENT' || errnoCode(error) === 'ENODEV') return false
    throw error
  }
}

/** A process frozen by v1 gets SIGKILL only when it is thawed. */
async function thawV1(layout: CgroupLayout, path: string): Promise<void> {
  const home = controllerHome(layout, 'freezer')
  const state = home && readControl(`${groupDirectory(home, path)}/freezer.state`)
  if (state !== undefined && state !== 'THAWED') await ifGroupExists(thaw(layout, path))
}

function signalAll(layout: CgroupLayout, path: string): void {
  for (const pid of processesAnywhere(layout, path)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if (errnoCode(error) !== 'ESRCH') throw error
    }
  }
}

async function ifGroupExists(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (errnoCode(error) !== 'ENOENT' && errnoCode(error) !== 'ENODEV') throw error
  }
}
