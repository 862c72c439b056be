/** Where a process is in each hierarchy of control groups, and what is written there. cgroups(7) */
import { readFileSync } from 'node:fs'
import { parseCgroupMounts } from '@mini-docker/cgroup'
import { missing, readProc } from './proc.ts'

/** The process's group in one hierarchy, with the values of the files that it has there. */
export type CgroupFact = {
  version: 1 | 2
  /** Of v1, those of the hierarchy; of v2, those that the group has. */
  controllers: string[]
  /** v1: a hierarchy without controllers, `systemd`. */
  name?: string
  /** As in /proc/PID/cgroup: below the reader's own cgroup namespace. */
  path: string
  directory: string
  /** The reader is in the same group: mostly the machine's root. */
  isReaders: boolean
  /** How many processes are in the group itself; not counted where the reader is. */
  processes?: number
  /** File → content, one line; of several lines, joined by `; `. Files of the controllers below that this kernel has. */
  limits: Record<string, string>
  /** The same, of what is used so far. */
  usage: Record<string, string>
}

type Files = Readonly<Record<string, { limits: readonly string[]; usage: readonly string[] }>>

const V1: Files = {
  cpu: { limits: ['cpu.shares', 'cpu.cfs_quota_us', 'cpu.cfs_period_us'], usage: ['cpu.stat'] },
  cpuacct: { limits: [], usage: ['cpuacct.usage'] },
  cpuset: { limits: ['cpuset.cpus', 'cpuset.mems'], usage: [] },
  memory: {
    limits: [
      'memory.limit_in_bytes',
      'memory.memsw.limit_in_bytes',
      'memory.soft_limit_in_bytes',
      'memory.oom_control',
    ],
    usage: ['memory.usage_in_bytes', 'memory.max_usage_in_bytes', 'memory.memsw.usage_in_bytes'],
  },
  pids: { limits: ['pids.max'], usage: ['pids.current'] },
  blkio: {
    limits: [
      'blkio.weight',
      'blkio.bfq.weight',
      'blkio.throttle.read_bps_device',
      'blkio.throttle.write_bps_device',
      'blkio.throttle.read_iops_device',
      'blkio.throttle.write_iops_device',
    ],
    usage: ['blkio.throttle.io_service_bytes'],
  },
  devices: { limits: ['devices.list'], usage: [] },
  freezer: { limits: ['freezer.state'], usage: [] },
}

const V2: Files = {
  '': { limits: ['cgroup.freeze'], usage: [] },
  cpu: { limits: ['cpu.max', 'cpu.weight'], usage: ['cpu.stat'] },
  cpuset: { limits: ['cpuset.cpus', 'cpuset.mems'], usage: ['cpuset.cpus.effective'] },
  memory: {
    limits: ['memory.max', 'memory.high', 'memory.low', 'memory.swap.max', 'memory.oom.group'],
    usage: ['memory.current', 'memory.peak', 'memory.swap.current', 'memory.events'],
  },
  pids: { limits: ['pids.max'], usage: ['pids.current'] },
  io: { limits: ['io.max', 'io.weight', 'io.bfq.weight'], usage: ['io.stat'] },
}

/** The process's groups, hierarchy by hierarchy. `usage: false` reads only limits. @throws UserError `not-found` */
export function readCgroups(pid: number, { usage = true }: { usage?: boolean } = {}): CgroupFact[] {
  const positions = readProc(pid, 'cgroup')
  const mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')
  const readers = new Set(parseCgroupMounts(mountinfo, readFileSync('/proc/self/cgroup', 'utf8')).map(({ own }) => own))
  return parseCgroupMounts(mountinfo, positions).map((mount) => {
    const { version, own: directory } = mount
    const isReaders = readers.has(directory)
    const controllers =
      version === 1
        ? mount.controllers
        : (readValue(`${directory}/cgroup.controllers`) ?? '').split(' ').filter(Boolean)
    const table = version === 1 ? V1 : V2
    const files = ['', ...controllers].flatMap((name) => table[name] ?? [])
    return {
      version,
      controllers,
      ...(mount.name !== undefined && { name: mount.name }),
      path: positionIn(positions, mount),
      directory,
      isReaders,
      ...(!isReaders && { processes: linesOf(`${directory}/cgroup.procs`).length }),
      limits: readValues(
        directory,
        files.flatMap(({ limits }) => limits),
      ),
      usage: usage
        ? readValues(
            directory,
            files.flatMap((file) => file.usage),
          )
        : {},
    }
  })
}

/** The name of a hierarchy in /proc/PID/cgroup: `memory`, `name=systemd`, and nothing for v2. */
export function hierarchyName({
  version,
  controllers,
  name,
}: Pick<CgroupFact, 'version' | 'controllers' | 'name'>): string {
  if (version === 2) return 'unified'
  return name === undefined ? controllers.join(',') : `name=${name}`
}

/** The number that stands for `no limit`: v1 writes the largest number of pages. */
const UNLIMITED = 2 ** 62

/** A value as a number of bytes, microseconds or processes; undefined for none, for `max`, and for -1. */
export function limitNumber(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d+$/.test(value)) return undefined
  return Number(value) >= UNLIMITED ? undefined : Number(value)
}

function positionIn(
  positions: string,
  { version, controllers, name }: Pick<CgroupFact, 'version' | 'controllers' | 'name'>,
): string {
  for (const line of positions.split('\n')) {
    const [, names = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    const matches =
      version === 2
        ? line.startsWith('0::')
        : name === undefined
          ? controllers.length > 0 && names.split(',').includes(controllers[0]!)
          : names === `name=${name}`
    if (matches) return path
  }
  return '/'
}

function readValues(directory: string, files: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    files.flatMap((file) => {
      const value = readValue(`${directory}/${file}`)
      return value === undefined ? [] : [[file, value]]
    }),
  )
}

function readValue(file: string): string | undefined {
  return missing(() => readFileSync(file, 'utf8'))
    ?.trim()
    .replaceAll('\n', '; ')
}

function linesOf(file: string): string[] {
  return (missing(() => readFileSync(file, 'utf8')) ?? '').split('\n').filter((line) => line !== '')
}
