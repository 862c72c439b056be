/** What it may use, and what it uses: bars where there is a limit. */
import { limitNumber, type CgroupFact } from '@mini-docker/facts'
import { binarySize } from '../../format/units.ts'
import { columnsOf } from '../../format/width.ts'
import { bar } from '../../tui/shared/chart.ts'
import { widthOf, type Row } from '../../tui/shared/pieces.ts'
import { padded, paragraph, shortPath, withNote, type View } from '../view.ts'
import type { Subject } from '../subject.ts'
import type { Words } from '../words.ts'

/** One thing that is limited; `file` is where the limit stands. */
type Meter = {
  title: string
  used: number | undefined
  limit: number | undefined
  text: string
  /** Shown where there is room. */
  more?: string
  file: string
}

const NOTES_FIT = 90

export function cgroupRows({ anatomy }: Subject, words: Words, width: number): View {
  const { pid, cgroups } = anatomy
  const meters = [...memoryMeters(cgroups, words), ...pidsMeters(cgroups, words), ...cpuMeters(cgroups, words)]
  const others = otherRows(cgroups, words)
  const titles =
    Math.max(0, columnsOf(words.hierarchies), ...[...meters, ...others].map(({ title }) => columnsOf(title))) + 1
  const barWidth = Math.max(8, Math.min(24, Math.floor(width / 5)))
  return {
    rows: [
      ...meters.map((meter) => meterRow(meter, titles, barWidth, width)),
      ...others.map(({ title, text, file }) =>
        withNote([{ text: padded(title, titles), dim: true }, text], file, width),
      ),
      ...placeRows(cgroups, words, titles, width),
    ],
    // Beside the values there is no room for the names of files in a narrow terminal.
    sources: [`/proc/${pid}/cgroup`, ...(width < NOTES_FIT ? [...meters, ...others].map(({ file }) => file) : [])],
  }
}

function meterRow(
  { title, used, limit, text, more = '', file }: Meter,
  titles: number,
  barWidth: number,
  width: number,
): Row {
  const share = used === undefined || limit === undefined || limit === 0 ? undefined : used / limit
  const color = share === undefined ? 'blue' : share > 0.9 ? 'red' : share > 0.7 ? 'yellow' : 'green'
  const row: Row = [
    { text: padded(title, titles), dim: true },
    share === undefined ? ' '.repeat(barWidth) : { text: bar(share, barWidth), color },
    ` ${text}`,
  ]
  const free = width - widthOf(row)
  const whole: Row = columnsOf(more) <= free ? [...row, { text: more, dim: true }] : row
  return withNote(whole, file, width)
}

function memoryMeters(groups: readonly CgroupFact[], words: Words): Meter[] {
  const memory = [
    meterOf(groups, 'memory.max', 'memory.current') ??
      meterOf(groups, 'memory.limit_in_bytes', 'memory.usage_in_bytes'),
    meterOf(groups, 'memory.swap.max', 'memory.swap.current') ??
      meterOf(groups, 'memory.memsw.limit_in_bytes', 'memory.memsw.usage_in_bytes'),
  ]
  return memory.flatMap((found, i) => {
    if (found === undefined) return []
    const { used, limit, file, group } = found
    const peak = i > 0 ? undefined : limitNumber(group.usage['memory.peak'] ?? group.usage['memory.max_usage_in_bytes'])
    const text = `${binarySize(used ?? 0)} / ${limit === undefined ? words.unlimited : binarySize(limit)}`
    const more = peak === undefined ? '' : ` (${words.peak} ${binarySize(peak)})`
    return [{ title: i === 0 ? words.memory : words.swap, used, limit, text, more, file }]
  })
}

function pidsMeters(groups: readonly CgroupFact[], words: Words): Meter[] {
  const found = meterOf(groups, 'pids.max', 'pids.current')
  if (found === undefined) return []
  const { used, limit, file } = found
  return [{ title: words.processes, used, limit, text: `${used ?? '?'} / ${limit ?? words.unlimited}`, file }]
}

/** A quota is a part of a period; a share only says who gets more when there is not enough. */
function cpuMeters(groups: readonly CgroupFact[], words: Words): Meter[] {
  const v2 = groups.find(({ limits }) => limits['cpu.max'] !== undefined)
  const v1 = groups.find(({ limits }) => limits['cpu.cfs_quota_us'] !== undefined)
  const [quota, period] =
    v2 === undefined
      ? [limitNumber(v1?.limits['cpu.cfs_quota_us']), limitNumber(v1?.limits['cpu.cfs_period_us'])]
      : (v2.limits['cpu.max'] ?? '').split(' ').map(limitNumber)
  const file = v2 === undefined ? 'cpu.cfs_quota_us' : 'cpu.max'
  if (v1 === undefined && v2 === undefined) return []
  const limit =
    quota === undefined || period === undefined
      ? words.unlimited
      : `${Number((quota / period).toFixed(3))} ${words.cpus}`
  const seconds = usedSeconds(groups)
  const more = seconds === undefined ? '' : ` (${words.used} ${seconds.toFixed(3)} s)`
  return [{ title: words.cpu, used: undefined, limit: undefined, text: limit, more, file }]
}

function usedSeconds(groups: readonly CgroupFact[]): number | undefined {
  for (const { usage } of groups) {
    const v1 = limitNumber(usage['cpuacct.usage'])
    if (v1 !== undefined) return v1 / 1e9
    const v2 = /usage_usec (\d+)/.exec(usage['cpu.stat'] ?? '')?.[1]
    if (v2 !== undefined) return Number(v2) / 1e6
  }
  return undefined
}

function otherRows(groups: readonly CgroupFact[], words: Words): { title: string; text: string; file: string }[] {
  const value = (file: string): string | undefined =>
    groups.find(({ limits }) => limits[file] !== undefined)?.limits[file]
  const cpus =
    value('cpuset.cpus') || groups.find(({ usage }) => usage['cpuset.cpus.effective'])?.usage['cpuset.cpus.effective']
  const disk = [
    'io.max',
    'blkio.throttle.read_bps_device',
    'blkio.throttle.write_bps_device',
    'blkio.throttle.read_iops_device',
    'blkio.throttle.write_iops_device',
  ]
  return [
    ...(cpus === undefined || cpus === '' ? [] : [{ title: words.cpuset, text: cpus, file: 'cpuset.cpus' }]),
    ...disk.flatMap((file) => {
      const text = value(file)
      return text === undefined || text === '' ? [] : [{ title: words.io, text, file }]
    }),
    ...(value('cgroup.freeze') === '1' || value('freezer.state') === 'FROZEN'
      ? [{ title: words.frozen, text: '1', file: value('cgroup.freeze') === '1' ? 'cgroup.freeze' : 'freezer.state' }]
      : []),
  ]
}

/** Where it is in each hierarchy. Hierarchies of v1 in which it has the same path stand together. */
function placeRows(groups: readonly CgroupFact[], words: Words, titles: number, width: number): Row[] {
  const byPath = new Map<string, { directory: string; names: string[]; isReaders: boolean }>()
  for (const { path, directory, controllers, name, version, isReaders } of groups) {
    const own = version === 2 ? 'v2' : (name ?? controllers.join(','))
    const known = byPath.get(`${path} ${isReaders}`)
    if (known === undefined) byPath.set(`${path} ${isReaders}`, { directory, names: [own], isReaders })
    else known.names.push(own)
  }
  return [...byPath.values()].flatMap(({ directory, names, isReaders }) => {
    const alone = names.length === 1
    const shown = alone ? directory : directory.replace(new RegExp(`/(${names[0]}|unified)(?=/|$)`), '/*')
    const note = isReaders ? ` (${words.host})` : ''
    return [
      [
        { text: padded(alone ? names[0]! : '', titles), dim: true },
        shortPath(shown, width - titles - columnsOf(note)),
        { text: note, color: 'yellow' },
      ],
      ...(alone ? [] : paragraph(words.hierarchies, titles, names.join(' '), width)),
    ]
  })
}

function meterOf(
  groups: readonly CgroupFact[],
  limitFile: string,
  usageFile: string,
): { used: number | undefined; limit: number | undefined; file: string; group: CgroupFact } | undefined {
  const group = groups.find(({ limits, usage }) => limits[limitFile] !== undefined || usage[usageFile] !== undefined)
  if (group === undefined) return undefined
  return {
    used: limitNumber(group.usage[usageFile]),
    limit: limitNumber(group.limits[limitFile]),
    file: limitFile,
    group,
  }
}
