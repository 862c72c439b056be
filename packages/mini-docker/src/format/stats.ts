/** Numbers of `GET /containers/{id}/stats` as docker shows them. */
import { Row } from '../template/values.ts'
import { binarySize, humanSize, shortId } from './units.ts'

type Cpu = {
  cpu_usage: { total_usage: number; percpu_usage?: number[] | null }
  system_cpu_usage?: number
  online_cpus?: number
}

export type StatsMessage = {
  id?: string
  name?: string
  cpu_stats: Cpu
  precpu_stats: Cpu
  memory_stats: { usage?: number; limit?: number; stats?: Record<string, number> | null }
  networks?: Record<string, { rx_bytes: number; tx_bytes: number }> | null
  blkio_stats: { io_service_bytes_recursive?: Array<{ op: string; value: number }> | null }
  pids_stats: { current?: number }
}

/** One container's numbers; without `usage` nothing is known (it does not run): dashes. */
export type Measured = { container: string; id: string; name: string; usage?: Usage }
export type Usage = {
  cpuPercent: number
  memory: number
  memoryLimit: number
  received: number
  sent: number
  read: number
  written: number
  pids: number
}

/** Percentages and sums from one message. `container` is how the user named it. */
export function measure(message: StatsMessage, container: string): Measured {
  const { memory_stats: memory, blkio_stats, pids_stats } = message
  const name = (message.name ?? '').replace(/^\//, '')
  const networks = Object.values(message.networks ?? {})
  const io = (operation: string) =>
    (blkio_stats.io_service_bytes_recursive ?? [])
      .filter(({ op }) => op.toLowerCase() === operation)
      .reduce((sum, { value }) => sum + value, 0)
  return {
    container,
    id: message.id ?? '',
    name,
    usage: {
      cpuPercent: cpuPercent(message),
      memory: memoryWithoutCache(memory),
      memoryLimit: memory.limit ?? 0,
      received: networks.reduce((sum, { rx_bytes }) => sum + rx_bytes, 0),
      sent: networks.reduce((sum, { tx_bytes }) => sum + tx_bytes, 0),
      read: io('read'),
      written: io('write'),
      pids: pids_stats.current ?? 0,
    },
  }
}

/** The share of all CPUs' time between two readings; 100% is one CPU. */
function cpuPercent({ cpu_stats: now, precpu_stats: before }: StatsMessage): number {
  const used = now.cpu_usage.total_usage - before.cpu_usage.total_usage
  const system = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0)
  const cpus = now.online_cpus || (now.cpu_usage.percpu_usage ?? []).length
  return used > 0 && system > 0 ? (used / system) * cpus * 100 : 0
}

/** Page cache that nobody uses does not count: `total_inactive_file` on cgroup v1, `inactive_file` on v2. */
function memoryWithoutCache({ usage = 0, stats }: StatsMessage['memory_stats']): number {
  const inactive = stats?.['total_inactive_file'] ?? stats?.['inactive_file'] ?? 0
  return inactive < usage ? usage - inactive : usage
}

export const STATS_TITLES = {
  Container: 'CONTAINER',
  ID: 'CONTAINER ID',
  Name: 'NAME',
  CPUPerc: 'CPU %',
  MemUsage: 'MEM USAGE / LIMIT',
  MemPerc: 'MEM %',
  NetIO: 'NET I/O',
  BlockIO: 'BLOCK I/O',
  PIDs: 'PIDS',
}
export const STATS_COLUMNS = ['ID', 'Name', 'CPUPerc', 'MemUsage', 'MemPerc', 'NetIO', 'BlockIO', 'PIDs']

export function statsRow({ container, id, name, usage }: Measured, truncate: boolean): Row {
  const known =
    (text: (usage: Usage) => string, unknown = '--') =>
    () =>
      usage === undefined ? unknown : text(usage)
  return new Row('*formatter.statsContext', {
    Container: () => container,
    ID: () => (truncate ? shortId(id) : id),
    Name: () => name || '--',
    CPUPerc: known(({ cpuPercent: percent }) => `${percent.toFixed(2)}%`),
    MemUsage: known(({ memory, memoryLimit }) => `${binarySize(memory)} / ${binarySize(memoryLimit)}`, '-- / --'),
    MemPerc: known(
      ({ memory, memoryLimit }) => `${(memoryLimit === 0 ? 0 : (memory / memoryLimit) * 100).toFixed(2)}%`,
    ),
    NetIO: known(({ received, sent }) => `${humanSize(received, 3)} / ${humanSize(sent, 3)}`),
    BlockIO: known(({ read, written }) => `${humanSize(read, 3)} / ${humanSize(written, 3)}`),
    PIDs: known(({ pids }) => String(pids)),
  })
}
