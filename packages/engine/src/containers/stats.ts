/** GET /containers/{id}/stats: what the cgroup counted, in docker's shape, once a second or once. */
import { readStats, type CgroupStats, type IoEntry } from '@mini-docker/cgroup'
import type { Exchange } from '../api/exchange.ts'
import { NEVER } from '../clock.ts'
import type { Engine } from '../engine.ts'
import type { Container } from './model.ts'
import { readNetworkCounters, type NetworkCounters } from './network-counters.ts'

const INTERVAL_MS = 1000

export type StatsMode = { stream: boolean; oneShot: boolean }

/** Without `stream` two samples a second apart are taken, so that the client can tell the share of the processor; `oneShot` takes one. */
export async function streamStats(
  engine: Engine,
  container: Container,
  exchange: Exchange,
  { stream, oneShot }: StatsMode,
): Promise<void> {
  if (!stream) {
    const before = oneShot ? undefined : await sample(engine, container)
    if (before !== undefined) await pause(exchange.gone)
    return exchange.json(200, statsJson(container, await sample(engine, container), before))
  }
  const response = exchange.stream(200, { 'Content-Type': 'application/json' })
  let before: Sample | undefined
  while (!exchange.gone.aborted && engine.containers.has(container.id)) {
    const now = await sample(engine, container)
    response.write(`${JSON.stringify(statsJson(container, now, before))}\n`)
    before = now
    await pause(exchange.gone)
  }
  response.end()
}

type Sample = CgroupStats & { networks?: Record<string, NetworkCounters> }

/** Undefined while the container does not run. */
async function sample(engine: Engine, container: Container): Promise<Sample | undefined> {
  if (!container.alive) return undefined
  // It may end between the look and the reading.
  const stats = await readStats(engine.cgroups, container.cgroupPath).catch(() => undefined)
  // What the host sends is not the container's.
  const hasOwn = container.record.hostConfig.NetworkMode !== 'host'
  const networks = hasOwn ? await readNetworkCounters(container.state.pid) : undefined
  return stats === undefined ? undefined : { ...stats, ...(networks === undefined ? {} : { networks }) }
}

function pause(gone: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, INTERVAL_MS)
  gone.addEventListener('abort', () => resolve(), { once: true })
  return promise.finally(() => clearTimeout(timer))
}

/** Docker's StatsResponse. Numbers that were never counted are zero or left out, as there. */
export function statsJson({ record }: Container, now: Sample | undefined, before: CgroupStats | undefined): object {
  return {
    name: `/${record.name}`,
    id: record.id,
    read: now?.readAt.toISOString() ?? NEVER,
    preread: before?.readAt.toISOString() ?? NEVER,
    pids_stats:
      now === undefined
        ? {}
        : { current: now.pids.current, ...(now.pids.limit === undefined ? {} : { limit: now.pids.limit }) },
    blkio_stats: blkio(now),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: cpu(now),
    precpu_stats: cpu(before),
    memory_stats: memory(now),
    ...(now?.networks === undefined ? {} : { networks: now.networks }),
  }
}

function cpu(stats: CgroupStats | undefined): object {
  const throttling = {
    periods: stats?.cpu.periods ?? 0,
    throttled_periods: stats?.cpu.throttledPeriods ?? 0,
    throttled_time: stats?.cpu.throttledNs ?? 0,
  }
  if (stats === undefined)
    return { cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 }, throttling_data: throttling }
  const { usageNs, perCpuNs, kernelNs, userNs, hostNs, onlineCpus } = stats.cpu
  return {
    cpu_usage: {
      total_usage: usageNs,
      ...(perCpuNs === undefined ? {} : { percpu_usage: perCpuNs }),
      usage_in_kernelmode: kernelNs,
      usage_in_usermode: userNs,
    },
    system_cpu_usage: hostNs,
    online_cpus: onlineCpus,
    throttling_data: throttling,
  }
}

function memory(stats: CgroupStats | undefined): object {
  if (stats === undefined) return {}
  const { usageBytes, peakBytes, failures, stat, effectiveLimitBytes } = stats.memory
  return {
    usage: usageBytes,
    ...(peakBytes === undefined ? {} : { max_usage: peakBytes }),
    ...(failures === undefined || failures === 0 ? {} : { failcnt: failures }),
    stats: stat,
    limit: effectiveLimitBytes,
  }
}

function blkio(stats: CgroupStats | undefined): object {
  const entries = (list: IoEntry[] | undefined): object[] | null =>
    list === undefined
      ? null
      : list.map(({ major, minor, operation, value }) => ({ major, minor, op: operation, value }))
  return {
    io_service_bytes_recursive: entries(stats?.io.bytes),
    io_serviced_recursive: entries(stats?.io.operations),
    io_queue_recursive: null,
    io_service_time_recursive: null,
    io_wait_time_recursive: null,
    io_merged_recursive: null,
    io_time_recursive: null,
    sectors_recursive: null,
  }
}
