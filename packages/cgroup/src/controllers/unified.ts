/** `linux.resources.unified`: files of cgroup v2 by name, written as they stand; how one sets what OCI has no word for (`memory.high`, `memory.oom.group`). */
import { unifiedHierarchy, type CgroupLayout } from '../layout.ts'
import type { OciLinuxResources } from '../resources.ts'
import type { Setting } from '../work.ts'
import { invalid, requireFile, unsupported } from './require.ts'

/** These hold the group itself together and are this package's business. */
const OURS = new Set(['cgroup.procs', 'cgroup.threads', 'cgroup.kill', 'cgroup.freeze', 'cgroup.type'])

export function unifiedSettings(layout: CgroupLayout, unified: OciLinuxResources['unified']): Setting[] {
  return Object.entries(unified ?? {}).map(([file, value]) => {
    const home = unifiedHierarchy(layout)
    if (home === undefined) throw unsupported(`cgroup v2 (for ${file})`, 'unified settings need a cgroup2 mount')
    if (!/^[a-z0-9_]+(\.[A-Za-z0-9_]+)+$/.test(file) || OURS.has(file))
      throw invalid(`${JSON.stringify(file)} is no file that can be set`)
    const controller = unifiedController(file)
    if (controller !== 'cgroup' && !home.controllers.includes(controller))
      throw unsupported(file, `controller ${controller} is not available in ${home.base}/cgroup.controllers`)
    if (home.parentHandsDown?.includes(controller)) requireFile(home, file, file)
    return { file, value }
  })
}

/** `memory.high` belongs to controller `memory`. */
export function unifiedController(file: string): string {
  return file.slice(0, file.indexOf('.'))
}
