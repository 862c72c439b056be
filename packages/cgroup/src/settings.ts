/** All limits of a container as settings of control files, and in which directory each belongs. */
import { UserError } from '@mini-docker/syscall'
import { cpuSettings } from './controllers/cpu.ts'
import { cpusetSettings } from './controllers/cpuset.ts'
import { hugetlbSettings } from './controllers/hugetlb.ts'
import { ioSettings } from './controllers/io.ts'
import { memorySettings } from './controllers/memory.ts'
import { pidsSettings } from './controllers/pids.ts'
import { unifiedController, unifiedSettings } from './controllers/unified.ts'
import { controllerHome, groupDirectory, unifiedHierarchy, type CgroupLayout, type Hierarchy } from './layout.ts'
import type { OciLinuxResources } from './resources.ts'
import { settingWork, type Setting, type Write } from './work.ts'

/** Settings of one hierarchy, and the controllers they need there. */
type Placed = { hierarchy: Hierarchy | undefined; controller: string; settings: Setting[] }

/**
 * The writes for `resources`, in an order the kernel accepts.
 * @param v1CurrentLimit see `memorySettings`
 * @throws UserError for a value out of range, a controller the kernel lacks, or a resource this package does not know.
 */
export function limitWrites(
  layout: CgroupLayout,
  path: string,
  resources: OciLinuxResources,
  v1CurrentLimit?: bigint,
): Write[] {
  return placed(layout, resources, v1CurrentLimit).flatMap(({ hierarchy, settings }) =>
    hierarchy === undefined ? [] : settingWork(groupDirectory(hierarchy, path), settings),
  )
}

/** v2 controllers that `resources` cannot do without: the groups above must hand them down. */
export function neededControllers(layout: CgroupLayout, resources: OciLinuxResources): string[] {
  const needed = placed(layout, resources).filter(
    ({ hierarchy, settings }) => hierarchy?.version === 2 && settings.length > 0,
  )
  return [...new Set(needed.map(({ controller }) => controller).filter((name) => name !== 'cgroup'))]
}

function placed(layout: CgroupLayout, resources: OciLinuxResources, v1CurrentLimit?: bigint): Placed[] {
  refuseUnknown(resources)
  const place = (controller: string, settings: Setting[], v1Name = controller): Placed => ({
    hierarchy: controllerHome(layout, v1Name, controller),
    controller,
    settings,
  })
  return [
    place('cpuset', cpusetSettings(layout, resources.cpu)),
    place('cpu', cpuSettings(layout, resources.cpu)),
    place('memory', memorySettings(layout, resources.memory, v1CurrentLimit)),
    place('pids', pidsSettings(layout, resources.pids)),
    place('io', ioSettings(layout, resources.blockIO), 'blkio'),
    place('hugetlb', hugetlbSettings(layout, resources.hugepageLimits)),
    ...unifiedSettings(layout, resources.unified).map((setting) => ({
      hierarchy: unifiedHierarchy(layout),
      controller: unifiedController(setting.file),
      settings: [setting],
    })),
  ]
}

function refuseUnknown({ network, rdma }: OciLinuxResources): void {
  if (network?.classID || network?.priorities?.length)
    throw new UserError('not-built', 'resources.network (net_cls, net_prio) is not built', {
      hint: 'mark packets with nftables instead',
    })
  if (Object.keys(rdma ?? {}).length > 0)
    throw new UserError('not-built', 'resources.rdma is not built', { hint: 'leave it out' })
}
