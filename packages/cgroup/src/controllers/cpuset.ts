/**
 * Which processors and memory nodes. https://docs.kernel.org/admin-guide/cgroup-v1/cpusets.html, cgroup-v2.html#cpuset
 * Both versions: `cpuset.cpus`, `cpuset.mems`. A v1 group has none until told, and takes no process before (ENOSPC).
 */
import type { CgroupLayout } from '../layout.ts'
import type { OciCpu } from '../resources.ts'
import type { Setting } from '../work.ts'
import { invalid, requireController } from './require.ts'

export function cpusetSettings(layout: CgroupLayout, cpu: OciCpu | undefined): Setting[] {
  const asked = [
    { what: 'CPUs', file: 'cpuset.cpus', list: cpu?.cpus, has: 'cpus' },
    { what: 'memory nodes', file: 'cpuset.mems', list: cpu?.mems, has: 'mems' },
  ] as const
  return asked.flatMap(({ what, file, list, has }) => {
    if (list === undefined || list === '') return []
    const home = requireController(layout, 'cpuset', 'cpuset')
    const available = home.cpuset?.[has]
    const wanted = parseList(what, list)
    if (available !== undefined && available !== '') {
      const have = parseList(what, available)
      if (![...wanted].every((number) => have.has(number)))
        throw invalid(`requested ${what} are not available: requested ${list}, available ${available}`)
    }
    return [{ file, value: list }]
  })
}

/** A v1 parent gets all that is there, and passes it on: with `clone_children`, a new group is usable from its mkdir on. */
export function cpusetParentSettings(available: {
  cpus: string
  mems: string
}): [cpus: Setting, mems: Setting, inherit: Setting] {
  return [
    { file: 'cpuset.cpus', value: available.cpus },
    { file: 'cpuset.mems', value: available.mems },
    { file: 'cgroup.clone_children', value: '1' },
  ]
}

const MOST = 8192

/** `0-2,7` as a set of numbers. */
function parseList(what: string, list: string): Set<number> {
  const numbers = new Set<number>()
  for (const part of list.trim().split(',')) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part.trim())
    const first = Number(match?.[1])
    const last = Number(match?.[2] ?? match?.[1])
    if (match === null || last < first || last >= MOST)
      throw invalid(`invalid list of ${what} ${JSON.stringify(list)}`, 'numbers and ranges like 0-2,7')
    for (let number = first; number <= last; number++) numbers.add(number)
  }
  return numbers
}
