/** Reads what a group has used so far, from whichever hierarchies its controllers live in. */
import { existsSync } from 'node:fs'
import { totalmem } from 'node:os'
import { UserError } from '@mini-docker/syscall'
import { readControl, readNumber } from '../control-file.ts'
import { controllerHome, groupDirectory, unifiedHierarchy, type CgroupLayout } from '../layout.ts'
import { oomKills } from '../oom.ts'
import { NS_PER_TICK, type CgroupStats, type IoStats, type MemoryStats } from './types.ts'
import { v1Cpu, v1Io, v1Memory } from './v1.ts'
import { v2Cpu, v2Io, v2Memory } from './v2.ts'

/**
 * Reads the statistics of a group.
 * @throws UserError `not-found` where the group does not exist.
 */
export async function readStats(layout: CgroupLayout, path: string): Promise<CgroupStats> {
  if (!layout.hierarchies.some((hierarchy) => existsSync(groupDirectory(hierarchy, path))))
    throw new UserError('not-found', `no cgroup ${path}`, { hint: 'cgroup ls lists what there is' })
  const directory = (...controller: [string, string?]): Place => {
    const home = controllerHome(layout, ...controller)
    return home && { version: home.version, path: groupDirectory(home, path) }
  }
  const cpuacct = directory('cpuacct', 'cpu')
  const unified = unifiedHierarchy(layout)
  const memory = memoryStats(directory('memory'))
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
    io: ioStats(directory('blkio', 'io')),
  }
}

type Place = { version: 1 | 2; path: string } | undefined

function memoryStats(place: Place): MemoryStats {
  if (place === undefined) return { usageBytes: 0, stat: {} }
  return place.version === 1 ? v1Memory(place.path) : v2Memory(place.path)
}

function ioStats(place: Place): IoStats {
  if (place === undefined) return { bytes: [], operations: [] }
  return place.version === 1 ? v1Io(place.path) : v2Io(place.path)
}

function pidsStats(directory: string | undefined): CgroupStats['pids'] {
  if (directory === undefined) return { current: 0 }
  const limit = readNumber(`${directory}/pids.max`)
  return { current: readNumber(`${directory}/pids.current`) ?? 0, ...(limit === undefined ? {} : { limit }) }
}

/** The `cpu` lines of /proc/stat: user, nice, system, idle, iowait, irq, softirq; what docker adds up. */
function hostCpu(): { hostNs: number; onlineCpus: number } {
  const lines = (readControl('/proc/stat') ?? '').split('\n').filter((line) => line.startsWith('cpu'))
  const ticks = (lines[0] ?? '').trim().split(/\s+/).slice(1, 8)
  return { hostNs: ticks.reduce((sum, tick) => sum + Number(tick), 0) * NS_PER_TICK, onlineCpus: lines.length - 1 }
}
