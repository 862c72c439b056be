/** Statistics from cgroup v2's files. cgroup-v2.html */
import { readControl, readKeyed, readNumber } from '../control-file.ts'
import type { CpuStats, IoEntry, IoStats, MemoryStats } from './types.ts'

const NS_PER_US = 1000

export function v2Cpu(directory: string): CpuStats {
  const stat = readKeyed(`${directory}/cpu.stat`)
  return {
    usageNs: (stat['usage_usec'] ?? 0) * NS_PER_US,
    userNs: (stat['user_usec'] ?? 0) * NS_PER_US,
    kernelNs: (stat['system_usec'] ?? 0) * NS_PER_US,
    periods: stat['nr_periods'] ?? 0,
    throttledPeriods: stat['nr_throttled'] ?? 0,
    throttledNs: (stat['throttled_usec'] ?? 0) * NS_PER_US,
  }
}

export function v2Memory(directory: string): MemoryStats {
  const peakBytes = readNumber(`${directory}/memory.peak`)
  const limitBytes = readNumber(`${directory}/memory.max`)
  const swapBytes = readNumber(`${directory}/memory.swap.current`)
  return {
    usageBytes: readNumber(`${directory}/memory.current`) ?? 0,
    stat: readKeyed(`${directory}/memory.stat`),
    ...(peakBytes === undefined ? {} : { peakBytes }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(swapBytes === undefined ? {} : { swapBytes }),
  }
}

/** io.stat: `8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0`. */
export function v2Io(directory: string): IoStats {
  const lines = (readControl(`${directory}/io.stat`) ?? '').split('\n')
  const pick = (names: Record<string, string>) => lines.flatMap((line) => parseIoLine(line, names))
  return { bytes: pick({ rbytes: 'read', wbytes: 'write' }), operations: pick({ rios: 'read', wios: 'write' }) }
}

function parseIoLine(line: string, names: Record<string, string>): IoEntry[] {
  const device = /^(\d+):(\d+) /.exec(line)
  if (device === null) return []
  return [...line.matchAll(/(\w+)=(\d+)/g)].flatMap(([, key, value]) => {
    const operation = names[key!]
    return operation === undefined
      ? []
      : [{ major: Number(device[1]), minor: Number(device[2]), operation, value: Number(value) }]
  })
}
