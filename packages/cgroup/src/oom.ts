/** How often the kernel killed a process of a group because its memory limit was reached. */
import { readKeyed } from './control-file.ts'
import { controllerHome, groupDirectory, type CgroupLayout } from './layout.ts'

/**
 * The kernel's count since the group was made: v2 `memory.events` (groups below included), v1 `memory.oom_control`
 * (Linux ≥ 4.13). 0 where the group or the controller does not exist. Read it before `remove`.
 */
export function oomKills(layout: CgroupLayout, path: string): number {
  const home = controllerHome(layout, 'memory')
  if (home === undefined) return 0
  const directory = groupDirectory(home, path)
  return readKeyed(`${directory}/${home.version === 1 ? 'memory.oom_control' : 'memory.events'}`)['oom_kill'] ?? 0
}
