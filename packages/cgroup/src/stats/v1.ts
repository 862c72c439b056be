/** Statistics from cgroup v1's files. cgroup-v1/{cpuacct,memory,blkio-controller}.html */
import { readControl, readKeyed, readNumber } from '../control-file.ts'
import { NS_PER_TICK, type CpuStats, type IoEntry, type IoStats, type MemoryStats } from './types.ts'

export function v1Cpu(cpuacct: string | undefined, cpu: string | undefined): CpuStats {
  const times = cpuacct === undefined ? {} : readKeyed(`${cpuacct}/cpuacct.stat`)
  const throttling = cpu === undefined ? {} : readKeyed(`${cpu}/cpu.stat`)
  const perCpu = cpuacct === undefined ? undefined : readControl(`${cpuacct}/cpuacct.usage_percpu`)
  return {
    usageNs: (cpuacct === undefined ? undefined : readNumber(`${cpuacct}/cpuacct.usage`)) ?? 0,
    userNs: (times['user'] ?? 0) * NS_PER_TICK,
    kernelNs: (times['system'] ?? 0) * NS_PER_TICK,
    ...(perCpu === undefined ? {} : { perCpuNs: perCpu.split(' ').map(Number) }),
    periods: throttling['nr_periods'] ?? 0,
    throttledPeriods: throttling['nr_throttled'] ?? 0,
    throttledNs: throttling['throttled_time'] ?? 0,
  }
}

/** v1 writes "unlimited" as the largest number of pages. */
const UNLIMITED_BYTES = 2 ** 62

export function v1Memory(directory: string): MemoryStats {
  const usageBytes = readNumber(`${directory}/memory.usage_in_bytes`) ?? 0
  const peakBytes = readNumber(`${directory}/memory.max_usage_in_bytes`)
  const limitBytes = readNumber(`${directory}/memory.limit_in_bytes`)
  const memsw = readNumber(`${directory}/memory.memsw.usage_in_bytes`)
  const failures = readNumber(`${directory}/memory.failcnt`)
  return {
    usageBytes,
    stat: readKeyed(`${directory}/memory.stat`),
    ...(peakBytes === undefined ? {} : { peakBytes }),
    ...(limitBytes === undefined || limitBytes > UNLIMITED_BYTES ? {} : { limitBytes }),
    ...(memsw === undefined ? {} : { swapBytes: Math.max(0, memsw - usageBytes) }),
    ...(failures === undefined ? {} : { failures }),
  }
}

/** BFQ's counters where that scheduler is in use, else those of the throttling layer. */
export function v1Io(directory: string): IoStats {
  const read = (what: string) =>
    [`blkio.bfq.${what}_recursive`, `blkio.throttle.${what}_recursive`, `blkio.throttle.${what}`]
      .map((file) => parseIo(readControl(`${directory}/${file}`) ?? ''))
      .find((entries) => entries.length > 0) ?? []
  return { bytes: read('io_service_bytes'), operations: read('io_serviced') }
}

/** `8:0 Read 4096`; the last line, `Total 4096`, names no device. */
function parseIo(text: string): IoEntry[] {
  return text.split('\n').flatMap((line) => {
    const match = /^(\d+):(\d+) (\w+) (\d+)$/.exec(line)
    return match === null
      ? []
      : [{ major: Number(match[1]), minor: Number(match[2]), operation: match[3]!, value: Number(match[4]) }]
  })
}
