/** What is compared: everything that a runtime decides about a process, as rows that are equal for equal containers. */
import { readFileSync } from 'node:fs'
import {
  CAPABILITY_SETS,
  overlayOf,
  propagationOf,
  readCgroups,
  readHostname,
  readLimits,
  readMounts,
  readNamespaces,
  readOomScoreAdjust,
  readPlaces,
  readStatus,
  type MountFact,
} from '@mini-docker/facts'

export const SECTIONS = [
  'namespaces',
  'mounts',
  'masked',
  'readonly',
  'capabilities',
  'security',
  'user',
  'cgroup',
  'limits',
  'environment',
  'process',
] as const
export type Section = (typeof SECTIONS)[number]
/** `key` is unique in its section. */
export type Row = { section: Section; key: string; value: string }

/** `id` is that of mini-docker's container in both: files it gave to the other have it in their names. */
export type Observed = { pid: number; id: string; maskedPaths: readonly string[]; readonlyPaths: readonly string[] }

/** @throws UserError `not-found` when it has ended */
export function observe({ pid, id, maskedPaths, readonlyPaths }: Observed): Row[] {
  const status = readStatus(pid)
  const row = (section: Section, key: string, value: string): Row => ({
    section,
    key,
    value: value.replaceAll(id, 'ID'),
  })
  const sectionOf = ({ point }: MountFact): Section => {
    if (maskedPaths.includes(point)) return 'masked'
    return readonlyPaths.includes(point) ? 'readonly' : 'mounts'
  }
  const capabilities = CAPABILITY_SETS.map((set) => row('capabilities', set, status.capabilities[set].join(' ')))
  const rows = [
    ...readNamespaces(pid).map(({ kind, isReaders }) => row('namespaces', kind, isReaders ? 'the host’s' : 'its own')),
    ...readMounts(pid).map((mount) => row(sectionOf(mount), mount.point, mountText(mount))),
    ...capabilities,
    row('security', 'no_new_privs', String(status.noNewPrivileges)),
    row('security', 'seccomp', status.seccomp.mode),
    row('security', 'oom_score_adj', String(readOomScoreAdjust(pid) ?? '')),
    row('user', 'uid', status.uids.join(' ')),
    row('user', 'gid', status.gids.join(' ')),
    row('user', 'groups', status.groups.join(' ')),
    ...readCgroups(pid, { usage: false }).flatMap(({ isReaders, controllers, version, name, limits }) => {
      const tree = name ?? (version === 2 ? 'v2' : controllers.join(','))
      const values = isReaders ? [] : limitRows(limits).map(([file, value]) => row('cgroup', file, value))
      return [row('cgroup', tree, isReaders ? 'the host’s' : 'its own'), ...values]
    }),
    ...readLimits(pid).map(({ resource, soft, hard }) => row('limits', resource, `${soft} ${hard}`)),
    ...environment(pid).map(([name, value]) => row('environment', name, value)),
    row('process', 'hostname', readHostname(pid) ?? ''),
    row('process', 'cwd', readPlaces(pid).cwd ?? ''),
    row('process', 'program', readPlaces(pid).exe ?? ''),
  ]
  return unique(rows)
}

/** The list of devices is one in any order, so each is a row. */
function limitRows(limits: Readonly<Record<string, string>>): [file: string, value: string][] {
  return Object.entries(limits).flatMap(([file, value]): [string, string][] =>
    file === 'devices.list'
      ? value.split('; ').map((device): [string, string] => [`device ${device}`, 'allowed'])
      : [[file, value]],
  )
}

/** Type, flags of the mount, those of the filesystem, and the propagation; where an overlay's layers lie is left out. */
function mountText(mount: MountFact): string {
  const own = overlayOf(mount) === undefined ? mount.superOptions : ['rw']
  const part = mount.root === '/' || mount.type.startsWith('cgroup') ? '' : ` of ${mount.root}`
  return `${mount.type}${part} ${mount.options.join(',')} (${own.join(',')}) ${propagationOf(mount).replace(/\d+/, 'N')}`
}

function environment(pid: number): [name: string, value: string][] {
  const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').slice(0, -1)
  return entries.map((entry) => {
    const at = entry.indexOf('=')
    return [entry.slice(0, at), entry.slice(at + 1)]
  })
}

/** What is there twice, such as a mount on a mount, gets its number: `/x`, `/x (2)`. */
function unique(rows: readonly Row[]): Row[] {
  const seen = new Map<string, number>()
  return rows.map((row) => {
    const name = `${row.section} ${row.key}`
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return count === 1 ? row : { ...row, key: `${row.key} (${count})` }
  })
}
