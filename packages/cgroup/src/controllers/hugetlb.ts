/** Huge pages. cgroup-v1/hugetlb.html, cgroup-v2.html#hugetlb: one file for each page size the machine has. */
import { hasFile, type CgroupLayout } from '../layout.ts'
import type { OciHugepageLimit } from '../resources.ts'
import type { Setting } from '../work.ts'
import { integer, invalid, requireController } from './require.ts'

export function hugetlbSettings(layout: CgroupLayout, limits: readonly OciHugepageLimit[] | undefined): Setting[] {
  return (limits ?? []).map(({ pageSize, limit }) => {
    const home = requireController(layout, 'huge page limit', 'hugetlb')
    if (!/^\d+[KMG]B$/.test(pageSize))
      throw invalid(
        `invalid huge page size ${JSON.stringify(pageSize)}`,
        'as in /sys/kernel/mm/hugepages, written 2MB or 1GB',
      )
    const file = `hugetlb.${pageSize}.${home.version === 1 ? 'limit_in_bytes' : 'max'}`
    const sizesKnown = home.files.names.some((name) => name.startsWith('hugetlb.'))
    if (sizesKnown && hasFile(home, file) === 'no')
      throw invalid(`this machine has no huge pages of ${pageSize}`, 'see /sys/kernel/mm/hugepages')
    return { file, value: integer('huge page limit', limit, 0) }
  })
}
