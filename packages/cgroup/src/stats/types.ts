/** What a group has used so far: the kernel's numbers, in bytes and nanoseconds, shaped so that docker's stats can be filled. */

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

/** USER_HZ of proc(5): 100 on both architectures, whatever the kernel's own tick is. */
export const NS_PER_TICK = 10_000_000
