/**
 * What a container may use: `linux.resources` of the OCI runtime specification 1.x (config-linux.md, "Control groups").
 * All sizes are bytes, all times microseconds; -1 takes a limit away.
 */

/** One rule of the device list; later rules win. Without `type` (or `a`) it means all devices, without `major` or `minor` any number. */
export type OciDeviceRule = {
  allow: boolean
  type?: 'a' | 'b' | 'c' | 'u' | 'p' | undefined
  major?: number | undefined
  minor?: number | undefined
  /** Any of `r` read, `w` write, `m` mknod; all three when left out. */
  access?: string | undefined
}

export type OciMemory = {
  /** Bytes; v1 `memory.limit_in_bytes`, v2 `memory.max`. */
  limit?: number | undefined
  /** Bytes that are given back first when the machine runs short; v1 `memory.soft_limit_in_bytes`, v2 `memory.low`. */
  reservation?: number | undefined
  /** Bytes of memory and swap **together**, as v1 counts; v2's `memory.swap.max` gets the difference. */
  swap?: number | undefined
  /** Read and ignored, as runc does: the kernel dropped the limit in 5.4. */
  kernel?: number | undefined
  /** v1 only: bytes of TCP buffers. */
  kernelTCP?: number | undefined
  /** v1 only: 0 to 100. */
  swappiness?: number | undefined
  /** v1 only: processes that hit the limit wait instead of being killed. */
  disableOOMKiller?: boolean | undefined
  /** Read and ignored: always on since Linux 5.11. */
  useHierarchy?: boolean | undefined
  /** `update` refuses a limit below what is in use, instead of letting the kernel kill. */
  checkBeforeUpdate?: boolean | undefined
}

export type OciCpu = {
  /** 2 to 262144, the usual share being 1024; converted to v2's `cpu.weight` of 1 to 10000. */
  shares?: number | undefined
  /** Microseconds of processor time in each period; two processors' worth is twice the period. */
  quota?: number | undefined
  /** Microseconds that may be saved up over idle periods. */
  burst?: number | undefined
  period?: number | undefined
  /** v1 only. */
  realtimeRuntime?: number | undefined
  realtimePeriod?: number | undefined
  /** A list like `0-2,7`. */
  cpus?: string | undefined
  mems?: string | undefined
  /** 1 makes the group run only when nothing else wants to (SCHED_IDLE). */
  idle?: number | undefined
}

export type OciDeviceWeight = {
  major: number
  minor: number
  weight?: number | undefined
  leafWeight?: number | undefined
}
export type OciDeviceRate = { major: number; minor: number; rate: number }

export type OciBlockIO = {
  /** 10 to 1000. */
  weight?: number | undefined
  leafWeight?: number | undefined
  weightDevice?: readonly OciDeviceWeight[] | undefined
  /** Bytes per second. */
  throttleReadBpsDevice?: readonly OciDeviceRate[] | undefined
  throttleWriteBpsDevice?: readonly OciDeviceRate[] | undefined
  /** Operations per second. */
  throttleReadIOPSDevice?: readonly OciDeviceRate[] | undefined
  throttleWriteIOPSDevice?: readonly OciDeviceRate[] | undefined
}

/** `pageSize` as the files are named: `2MB`, `1GB`. */
export type OciHugepageLimit = { pageSize: string; limit: number }

/** `linux.resources`. What this package cannot do (`network`, `rdma`) is refused by name, never ignored. */
export type OciLinuxResources = {
  devices?: readonly OciDeviceRule[] | undefined
  memory?: OciMemory | undefined
  cpu?: OciCpu | undefined
  pids?: { limit?: number | undefined } | undefined
  blockIO?: OciBlockIO | undefined
  hugepageLimits?: readonly OciHugepageLimit[] | undefined
  network?:
    | { classID?: number | undefined; priorities?: readonly { name: string; priority: number }[] | undefined }
    | undefined
  rdma?: Readonly<Record<string, { hcaHandles?: number | undefined; hcaObjects?: number | undefined }>> | undefined
  /** cgroup v2: file name → content, written as it stands. */
  unified?: Readonly<Record<string, string>> | undefined
}
