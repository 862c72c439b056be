/** How many processes and threads. https://docs.kernel.org/admin-guide/cgroup-v1/pids.html; the same file in v2: `pids.max`. */
import type { CgroupLayout } from '../layout.ts'
import type { OciLinuxResources } from '../resources.ts'
import type { Setting } from '../work.ts'
import { integer, requireController } from './require.ts'

/** A limit of 0 or less takes the limit away, as docker's `--pids-limit` does. */
export function pidsSettings(layout: CgroupLayout, pids: OciLinuxResources['pids']): Setting[] {
  if (pids?.limit === undefined) return []
  requireController(layout, 'pids limit', 'pids')
  return [{ file: 'pids.max', value: pids.limit <= 0 ? 'max' : integer('pids limit', pids.limit) }]
}
