/** What a group has used so far. Numbers are the kernel's, in bytes and nanoseconds; shaped so that docker's stats can be filled. */
import { totalmem } from 'node:os'
import { UserError } from '@mini-docker/syscall'
import { readControl, readNumber } from './control-file.ts'
import { controllerHome, groupDirectory, unifiedHierarchy, type CgroupLayout } from './layout.ts'
import { oomKills } from './oom.ts'
import { v1Cpu, v1Io, v1Memory } from './stats-v1.ts'
import { v2Cpu, v2Io, v2Memory } from './stats-v2.ts'
import { existsSync } from 'node:fs'

export type CpuStats = {
  usageNs: number
  userNs: number
  kernelNs: number
  /** v1 only. */
  perCpuNs?: number[]
  /** Enforcement periods of the quota that have passed, in how many it ran out, and for how long. */
  periods: number
  throttledPeriods: number
  throttledNs: number
}
export type MemoryStats = {
  usageBytes: number
  /** Highest usage so far; v2 since Linux 5.19. */
  peakBytes?: number
  /** undefined for unlimited */
  limitBytes?: number
  swapBytes?: number
  /** How often the limit was hit; v1 only. */
  failures?: number
  /** `memory.stat` as the kernel prints it; names differ between v1 and v2, as in docker. */
  stat: Record<string, number>
}
/** `operation` is docker's word: v1 `Read`, `Write`, `Sync`, `Async`, `Discard`, `Total`; v2 `read`, `write`. */
export type IoEntry = { major: number; minor: number; operation: string; value: number }
export type IoStats = { bytes: IoEntry[]; operations: IoEntry[] }

export type CgroupStats = {
  readAt: Date
  pids: { current: number; limit?: number }
  cpu: CpuStats & {
    /** Time that all processors of the machine have spent, busy or not (docker's system_cpu_usage). */
    hostNs: number
    onlineCpus: number
  }
  /** `effectiveLimitBytes`: the limit, or the machine's memory where that is less (docker's limit). */
  memory: MemoryStats & { effectiveLimitBytes: number; oomKills: number }
  io: IoStats
}

/**
 * Reads the statistics of a group.
 * @throws UserError `not-found` where the group does not exist.
 */
export async function readStats(layout: CgroupLayout, path: string): Promise<CgroupStats> {
  if (!layout.hierarchies.some((hierarchy) => existsSync(groupDirectory(hierarchy, path))))
    throw new UserError('not-found', `no cgroup ${path}`, { hint: 'cgroup ls lists what there is' })
  const directory = (...controller: [string, string?]) => {
    const home = controllerHome(layout, ...controller)
    return home && { version: home.version, path: groupDirectory(home, path) }
  }
  const cpuacct = directory('cpuacct', 'cpu')
  const memoryHome = directory('memory')
  const ioHome = directory('blkio', 'io')
  const unified = unifiedHierarchy(layout)
  const memory =
    memoryHome === undefined
      ? { usageBytes: 0, stat: {} }
      : memoryHome.version === 1
        ? v1Memory(memoryHome.path)
        : v2Memory(memoryHome.path)
  return {
    readAt: new Date(),
    pids: pidsStats(directory('pids')?.path),
    cpu: {
      // v2 counts processor time in every group, whether the controller is on or not.
      ...(cpuacct?.version === 1 || unified === undefined
        ? v1Cpu(cpuacct?.path, directory('cpu')?.path)
        : v2Cpu(groupDirectory(unified, path))),
      ...hostCpu(),
    },
    memory: {
      ...memory,
      effectiveLimitBytes: Math.min(memory.limitBytes ?? Infinity, totalmem()),
      oomKills: oomKills(layout, path),
    },
    io:
      ioHome === undefined
        ? { bytes: [], operations: [] }
        : ioHome.version === 1
          ? v1Io(ioHome.path)
          : v2Io(ioHome.path),
  }
}

function pidsStats(directory: string | undefined): CgroupStats['pids'] {
  if (directory === undefined) return { current: 0 }
  const limit = readNumber(`${directory}/pids.max`)
  return { current: readNumber(`${directory}/pids.current`) ?? 0, ...(limit === undefined ? {} : { limit }) }
}

/** USER_HZ of proc(5): 100 on both architectures, whatever the kernel's own tick is. */
export const NS_PER_TICK = 10_000_000

/** The `cpu` lines of /proc/stat: user, nice, system, idle, iowait, irq, softirq; what docker adds up. */
function hostCpu(): { hostNs: number; onlineCpus: number } {
  const lines = (readControl('/proc/stat') ?? '').split('\n').filter((line) => line.startsWith('cpu'))
  const ticks = (lines[0] ?? '').trim().split(/\s+/).slice(1, 8)
  return { hostNs: ticks.reduce((sum, tick) => sum + Number(tick), 0) * NS_PER_TICK, onlineCpus: lines.length - 1 }
}
