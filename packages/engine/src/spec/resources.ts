/** Limits of a HostConfig → `linux.resources` of the OCI spec (config-linux.md, Control groups). */
import type { HostConfig } from '../api/bodies.ts'
import type { Device, DeviceRule, Resources, ThrottleDevice } from '../oci.ts'
import { hostDevice } from './devices.ts'

const PERIOD_US = 100_000

/** `rules` are those of `--device`, beside the devices every container may use. */
export function resources(host: HostConfig, rules: DeviceRule[]): Resources {
  return {
    devices: host.Privileged ? [{ allow: true, access: 'rwm' }] : [...DEFAULT_DEVICE_RULES, ...rules],
    ...memory(host),
    ...cpu(host),
    ...(host.PidsLimit === null ? {} : { pids: { limit: host.PidsLimit } }),
    ...blockIO(host),
  }
}

function memory(host: HostConfig): Pick<Resources, 'memory'> {
  const limits = {
    ...(host.Memory > 0 ? { limit: host.Memory } : {}),
    ...(host.MemoryReservation > 0 ? { reservation: host.MemoryReservation } : {}),
    ...(host.MemorySwap === 0 ? {} : { swap: host.MemorySwap }),
    ...(host.MemorySwappiness === null ? {} : { swappiness: host.MemorySwappiness }),
    ...(host.OomKillDisable === true ? { disableOOMKiller: true } : {}),
  }
  return Object.keys(limits).length === 0 ? {} : { memory: limits }
}

function cpu(host: HostConfig): Pick<Resources, 'cpu'> {
  const limits = {
    ...(host.CpuShares > 0 ? { shares: Math.max(2, host.CpuShares) } : {}),
    ...(host.NanoCpus > 0 ? { period: PERIOD_US, quota: Math.round((host.NanoCpus * PERIOD_US) / 1e9) } : {}),
    ...(host.CpuPeriod > 0 ? { period: host.CpuPeriod } : {}),
    ...(host.CpuQuota === 0 ? {} : { quota: host.CpuQuota }),
    ...(host.CpusetCpus === '' ? {} : { cpus: host.CpusetCpus }),
    ...(host.CpusetMems === '' ? {} : { mems: host.CpusetMems }),
  }
  return Object.keys(limits).length === 0 ? {} : { cpu: limits }
}

function blockIO(host: HostConfig): Pick<Resources, 'blockIO'> {
  const throttles = {
    throttleReadBpsDevice: host.BlkioDeviceReadBps.map(throttle),
    throttleWriteBpsDevice: host.BlkioDeviceWriteBps.map(throttle),
    throttleReadIOPSDevice: host.BlkioDeviceReadIOps.map(throttle),
    throttleWriteIOPSDevice: host.BlkioDeviceWriteIOps.map(throttle),
  }
  const given = Object.fromEntries(Object.entries(throttles).filter(([, devices]) => devices.length > 0))
  const limits = { ...(host.BlkioWeight > 0 ? { weight: host.BlkioWeight } : {}), ...given }
  return Object.keys(limits).length === 0 ? {} : { blockIO: limits }
}

function throttle({ Path: path, Rate: rate }: { Path: string; Rate: number }): ThrottleDevice {
  const { major, minor }: Device = hostDevice(path, path)
  return { major, minor, rate }
}

/** The devices of every container: making nodes of any kind, and using null, zero, full, random, urandom, tty, console, ptmx and terminals. */
const DEFAULT_DEVICE_RULES: DeviceRule[] = [
  { allow: false, access: 'rwm' },
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  ...(
    [
      [1, 3],
      [1, 5],
      [1, 7],
      [1, 8],
      [1, 9],
      [5, 0],
      [5, 1],
      [5, 2],
    ] as const
  ).map(([major, minor]): DeviceRule => ({ allow: true, type: 'c', major, minor, access: 'rwm' })),
  { allow: true, type: 'c', major: 136, access: 'rwm' },
]
