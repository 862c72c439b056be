/**
 * Processor time. https://docs.kernel.org/scheduler/sched-bwc.html, cgroup-v2.html#cpu
 *
 *     OCI            v1                   v2
 *     shares         cpu.shares           cpu.weight = 1 + (shares - 2) * 9999 / 262142
 *     quota, period  cpu.cfs_{quota,period}_us    cpu.max "quota period"
 *     burst          cpu.cfs_burst_us     cpu.max.burst
 *     idle           cpu.idle             cpu.idle
 *     realtime…      cpu.rt_*_us          -
 */
import type { CgroupLayout, Hierarchy } from '../layout.ts'
import type { OciCpu } from '../resources.ts'
import type { Setting } from '../work.ts'
import { integer, invalid, requireController, requireFile, unsupported } from './require.ts'

const MIN_SHARES = 2
const MAX_SHARES = 262_144
const DEFAULT_PERIOD_US = 100_000

/** Settings of the cpu controller; `cpus` and `mems` belong to cpuset. */
export function cpuSettings(layout: CgroupLayout, asked: OciCpu | undefined): Setting[] {
  if (asked === undefined) return []
  const cpu = normalize(asked)
  const { shares, quota, period, burst, idle, realtimePeriod, realtimeRuntime } = cpu
  if ([shares, quota, period, burst, idle, realtimePeriod, realtimeRuntime].every((value) => value === undefined))
    return []
  const home = requireController(layout, 'CPU limit', 'cpu')
  return home.version === 1 ? v1(home, cpu) : v2(home, cpu)
}

/** Zero means not asked for, except for `idle` and `burst`, where it means off. */
function normalize(asked: OciCpu): OciCpu {
  const cpu = { ...asked }
  for (const key of ['shares', 'quota', 'period', 'realtimePeriod', 'realtimeRuntime'] as const)
    if (cpu[key] === 0) delete cpu[key]
  if (cpu.shares !== undefined && cpu.shares < MIN_SHARES)
    throw invalid(`the minimum allowed cpu-shares is ${MIN_SHARES}, not ${cpu.shares}`)
  if (cpu.shares !== undefined && cpu.shares > MAX_SHARES)
    throw invalid(`the maximum allowed cpu-shares is ${MAX_SHARES}, not ${cpu.shares}`)
  if (cpu.period !== undefined && (cpu.period < 1000 || cpu.period > 1_000_000))
    throw invalid(`CPU CFS period ${cpu.period} is out of range`, 'between 1000 and 1000000 microseconds')
  if (cpu.quota !== undefined && cpu.quota > 0 && cpu.quota < 1000)
    throw invalid(`CPU CFS quota ${cpu.quota} is too small`, 'at least 1000 microseconds, or -1 for none')
  return cpu
}

function v1(home: Hierarchy, cpu: OciCpu): Setting[] {
  const settings: Setting[] = []
  if (cpu.realtimePeriod !== undefined || cpu.realtimeRuntime !== undefined)
    requireFile(home, 'CPU real-time', 'cpu.rt_runtime_us')
  if (cpu.realtimePeriod !== undefined)
    settings.push({ file: 'cpu.rt_period_us', value: integer('CPU real-time period', cpu.realtimePeriod, 1) })
  if (cpu.realtimeRuntime !== undefined)
    settings.push({ file: 'cpu.rt_runtime_us', value: integer('CPU real-time runtime', cpu.realtimeRuntime) })
  if (cpu.idle !== undefined) settings.push(idleSetting(home, cpu.idle))
  if (cpu.shares !== undefined) settings.push({ file: 'cpu.shares', value: integer('cpu-shares', cpu.shares) })
  if (cpu.period !== undefined || cpu.quota !== undefined) requireFile(home, 'CPU CFS quota', 'cpu.cfs_quota_us')
  if (cpu.period !== undefined)
    settings.push({ file: 'cpu.cfs_period_us', value: integer('CPU CFS period', cpu.period) })
  if (cpu.quota !== undefined)
    settings.push({ file: 'cpu.cfs_quota_us', value: cpu.quota < 0 ? '-1' : integer('CPU CFS quota', cpu.quota) })
  if (cpu.burst !== undefined) {
    requireFile(home, 'CPU CFS burst', 'cpu.cfs_burst_us')
    settings.push({ file: 'cpu.cfs_burst_us', value: integer('CPU CFS burst', cpu.burst, 0) })
  }
  return settings
}

function v2(home: Hierarchy, cpu: OciCpu): Setting[] {
  if (cpu.realtimePeriod !== undefined || cpu.realtimeRuntime !== undefined)
    throw unsupported('CPU real-time', 'cgroup v2 does not share out real-time processor time')
  const settings: Setting[] = []
  if (cpu.idle !== undefined) settings.push(idleSetting(home, cpu.idle))
  if (cpu.shares !== undefined) settings.push({ file: 'cpu.weight', value: String(sharesToWeight(cpu.shares)) })
  if (cpu.period !== undefined || cpu.quota !== undefined) settings.push(...maxSetting(home, cpu))
  if (cpu.burst !== undefined) {
    requireFile(home, 'CPU CFS burst', 'cpu.max.burst')
    settings.push({ file: 'cpu.max.burst', value: integer('CPU CFS burst', cpu.burst, 0) })
  }
  return settings
}

/** A file written without a period keeps the one it has. */
function maxSetting(home: Hierarchy, { quota, period }: OciCpu): Setting[] {
  requireFile(home, 'CPU CFS quota', 'cpu.max')
  const max = quota === undefined || quota < 0 ? 'max' : integer('CPU CFS quota', quota)
  return [{ file: 'cpu.max', value: period === undefined ? max : `${max} ${period}` }]
}

function idleSetting(home: Hierarchy, idle: number): Setting {
  if (idle !== 0 && idle !== 1) throw invalid(`invalid cpu idle ${idle}`, '0 or 1')
  requireFile(home, 'CPU idle', 'cpu.idle')
  return { file: 'cpu.idle', value: String(idle) }
}

/** v1's shares [2, 262144] onto v2's weight [1, 10000], as runc converts: 1024 becomes 39, not v2's own default of 100. */
export function sharesToWeight(shares: number): number {
  return 1 + Math.floor(((shares - MIN_SHARES) * 9999) / (MAX_SHARES - MIN_SHARES))
}

/** Docker's `--cpus`: processors as a quota of the usual period. */
export function cpusToQuota(cpus: number): { quota: number; period: number } {
  return { quota: Math.round(cpus * DEFAULT_PERIOD_US), period: DEFAULT_PERIOD_US }
}
