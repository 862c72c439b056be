/** What this machine can limit, in the words of `docker info`: the daemon warns and drops defaults with it, `doctor` prints it. */
import { controllerHome, hasFile, unifiedHierarchy, type CgroupLayout, type Hierarchy } from './layout.ts'

export type CgroupSupport = {
  memoryLimit: boolean
  swapLimit: boolean
  memoryReservation: boolean
  memorySwappiness: boolean
  oomKillDisable: boolean
  cpuShares: boolean
  cpuCfsPeriod: boolean
  cpuCfsQuota: boolean
  cpuset: boolean
  pidsLimit: boolean
  blkioWeight: boolean
  blkioThrottle: boolean
  freezer: boolean
  /** cgroup.kill: all processes of a group at once. */
  killAtOnce: boolean
  devices: 'v1' | 'bpf' | 'none'
}

/** Pure. A file that could not be looked for counts as there: the write says so otherwise. */
export function cgroupSupport(layout: CgroupLayout): CgroupSupport {
  const memory = controllerHome(layout, 'memory')
  const cpu = controllerHome(layout, 'cpu')
  const io = controllerHome(layout, 'blkio', 'io')
  const unified = unifiedHierarchy(layout)
  return {
    memoryLimit: memory !== undefined,
    swapLimit: has(memory, 'memory.memsw.limit_in_bytes', 'memory.swap.max'),
    memoryReservation: memory !== undefined,
    memorySwappiness: has(memory, 'memory.swappiness'),
    oomKillDisable: has(memory, 'memory.oom_control'),
    cpuShares: cpu !== undefined,
    cpuCfsPeriod: has(cpu, 'cpu.cfs_period_us', 'cpu.max'),
    cpuCfsQuota: has(cpu, 'cpu.cfs_quota_us', 'cpu.max'),
    cpuset: controllerHome(layout, 'cpuset') !== undefined,
    pidsLimit: controllerHome(layout, 'pids') !== undefined,
    blkioWeight: has(io, 'blkio.bfq.weight', 'io.bfq.weight') || has(io, 'blkio.weight', 'io.weight'),
    blkioThrottle: has(io, 'blkio.throttle.read_bps_device', 'io.max'),
    freezer: controllerHome(layout, 'freezer') !== undefined || has(unified, undefined, 'cgroup.freeze'),
    killAtOnce: has(unified, undefined, 'cgroup.kill'),
    devices: controllerHome(layout, 'devices') !== undefined ? 'v1' : unified !== undefined ? 'bpf' : 'none',
  }
}

function has(home: Hierarchy | undefined, v1File?: string, v2File?: string): boolean {
  const file = home?.version === 1 ? v1File : v2File
  return home !== undefined && file !== undefined && hasFile(home, file) !== 'no'
}
