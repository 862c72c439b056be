/** Typed facts as rows: short, stable, and worded as the tools word them that a person would look with. */
import type { FactRow, FactSection, SectionId } from '@mini-docker/story'
import { uniqueKeys } from '@mini-docker/story'
import { hierarchyName, readCgroups } from './cgroup.ts'
import type { FirewallTable } from './firewall.ts'
import { propagationOf, readMounts, sourceOf } from './mounts.ts'
import { readNamespaces } from './namespaces.ts'
import { readNetwork, type LinkFact, type NetworkFact, type RouteFact } from './network.ts'
import { procPath } from './proc.ts'
import { readFds, readHostname, readIdMaps, readLimits, readPlaces, type IdRange } from './process.ts'
import { CAPABILITY_SETS, readLabel, readOomScoreAdjust, readStatus, type StatusFact } from './status.ts'

/** Sections that are read together, because they come from one answer of the kernel. */
export type Sections = Partial<Record<SectionId, FactSection>>

export function namespaceSection(pid: number): FactSection {
  return {
    source: procPath(pid, 'ns'),
    rows: readNamespaces(pid).map(({ kind, link, isReaders }) => [kind, isReaders ? `${link} (the host's)` : link]),
  }
}

export function mountSection(pid: number): FactSection {
  const rows = readMounts(pid).map((mount): FactRow => {
    const { type, options, superOptions, point } = mount
    // What the filesystem says beyond what the mount says: `lowerdir=…`, `size=65536k`.
    const own = superOptions.filter((option) => !options.includes(option) && option !== 'rw' && option !== 'ro')
    return [point, [type, sourceOf(mount), [...options, ...own].join(','), propagationOf(mount)].join(' ')]
  })
  return { source: procPath(pid, 'mountinfo'), rows: uniqueKeys(rows) }
}

export function placesSection(pid: number): FactSection {
  return { source: procPath(pid, '{root,cwd,exe}'), rows: Object.entries(readPlaces(pid)) }
}

export function idMapSection(pid: number): FactSection {
  const { uids, gids, setgroups } = readIdMaps(pid)
  const rows = [...uids.map((range) => rangeRow('uid_map', range)), ...gids.map((range) => rangeRow('gid_map', range))]
  return {
    source: procPath(pid, '{uid_map,gid_map,setgroups}'),
    rows: uniqueKeys(setgroups === '' ? rows : [...rows, ['setgroups', setgroups]]),
  }
}

function rangeRow(key: string, { inside, outside, count }: IdRange): FactRow {
  return [key, `${inside} ${outside} ${count}`]
}

/** One row says where the process is in a hierarchy, those below what is set there. What only counts up is left out. */
export function cgroupSection(pid: number): FactSection {
  const rows = readCgroups(pid, { usage: false }).flatMap((group): FactRow[] => {
    const name = hierarchyName(group)
    const count = group.processes
    return [
      [name, group.isReaders ? `${group.directory} (the host's)` : group.directory],
      ...Object.entries(group.limits),
      ...(count === undefined ? [] : [[`${name} cgroup.procs`, `${count} processes`] satisfies FactRow]),
    ]
  })
  return { source: procPath(pid, 'cgroup'), rows: uniqueKeys(rows) }
}

/** Links, addresses, routes and sysctls: none of them where the reader may not go to the namespace. */
export function networkSections(pid: number): Sections {
  const network = readNetwork(pid)
  if (network === undefined) return {}
  const enter = `nsenter --net=${procPath(pid, 'ns/net')}`
  const { addresses, routes, sysctls } = network
  return {
    links: { source: `${enter} ip link`, rows: uniqueKeys(linkRows(network)) },
    addresses: {
      source: `${enter} ip address`,
      rows: uniqueKeys(addresses.map(({ link, address, scope }) => [link, `${address} scope ${scope}`])),
    },
    routes: { source: `${enter} ip route`, rows: uniqueKeys(routes.map((route) => [route.to, routeText(route)])) },
    sysctls: { source: `${enter} sysctl net`, rows: Object.entries(sysctls) },
  }
}

function linkRows({ links, cables, bridges }: NetworkFact): FactRow[] {
  const outside = new Map(cables.map((cable) => [cable.outside.name, cable.outside]))
  const masters = new Set(cables.flatMap((cable) => cable.outside.master ?? []))
  const ours = bridges.filter(({ link }) => masters.has(link.name) || link.alias?.startsWith('mini-docker:') === true)
  const others = links.some(({ name }) => ours.some(({ link }) => link.name === name)) ? [] : ours
  return [
    ...links.map((link): FactRow => [link.name, linkText(link)]),
    ...[...outside.values()].map((link): FactRow => [`host: ${link.name}`, linkText(link)]),
    ...others.map(({ link, addresses }): FactRow => [`host: ${link.name}`, [linkText(link), ...addresses].join(' ')]),
  ]
}

function linkText({ up, mtu, kind, mac, master, peerIndex, alias }: LinkFact): string {
  return [
    up ? 'UP' : 'DOWN',
    ...(kind === undefined ? [] : [kind]),
    `mtu ${mtu}`,
    ...(mac === undefined ? [] : [`link/ether ${mac}`]),
    ...(peerIndex === undefined ? [] : [`peer if${peerIndex}`]),
    ...(master === undefined ? [] : [`master ${master}`]),
    ...(alias === undefined ? [] : [`alias ${alias}`]),
  ].join(' ')
}

export function routeText({ type, via, link, from, metric, protocol, scope }: RouteFact): string {
  return [
    ...(type === 'unicast' ? [] : [type]),
    ...(via === undefined ? [] : [`via ${via}`]),
    ...(link === undefined ? [] : [`dev ${link}`]),
    `proto ${protocol}`,
    ...(scope === 'global' ? [] : [`scope ${scope}`]),
    ...(from === undefined ? [] : [`src ${from}`]),
    ...(metric === undefined ? [] : [`metric ${metric}`]),
  ].join(' ')
}

/** One row a rule and one an element. */
export function firewallRows(tables: readonly FirewallTable[], where = ''): FactRow[] {
  return tables.flatMap(({ family, name, chains, sets }) => {
    const key = (rest: string): string => `${where}${family} ${name} ${rest}`
    return [
      ...chains.flatMap((chain): FactRow[] => [
        [key(`chain ${chain.name}`), chain.hook ?? ''],
        ...chain.rules.map((rule, i): FactRow => [key(`chain ${chain.name} ${i + 1}`), rule]),
      ]),
      ...sets.flatMap((set): FactRow[] => [
        [key(`${set.kind} ${set.name}`), `${set.elements.length} elements`],
        ...set.elements.map((element): FactRow => [key(`${set.kind} ${set.name} ${element.split(' : ')[0]}`), element]),
      ]),
    ]
  })
}

export function statusSections(pid: number): Sections {
  const status = readStatus(pid)
  return {
    capabilities: {
      source: procPath(pid, 'status'),
      rows: CAPABILITY_SETS.map((set) => [set, shortNames(status.capabilities[set]).join(' ') || 'none']),
    },
    security: { source: procPath(pid, 'status'), rows: securityRows(pid, status) },
  }
}

function securityRows(pid: number, { uids, gids, groups, noNewPrivileges, seccomp }: StatusFact): FactRow[] {
  const optional: [string, string | number | undefined][] = [
    ['label', readLabel(pid)],
    ['oom_score_adj', readOomScoreAdjust(pid)],
    ['hostname', readHostname(pid)],
  ]
  return [
    ['Uid', uids.join(' ')],
    ['Gid', gids.join(' ')],
    ['Groups', groups.join(' ') || 'none'],
    ['NoNewPrivs', noNewPrivileges ? '1' : '0'],
    ['Seccomp', seccomp.mode === 'filter' ? `filter, ${seccomp.filters} programs` : seccomp.mode],
    ...optional.flatMap(([key, value]): FactRow[] => (value === undefined ? [] : [[key, String(value)]])),
  ]
}

/** `CHOWN` for `CAP_CHOWN`, as docker's options say it. */
export function shortNames(names: readonly string[]): string[] {
  return names.map((name) => name.replace(/^CAP_/, ''))
}

export function limitSection(pid: number): FactSection {
  return {
    source: procPath(pid, 'limits'),
    rows: readLimits(pid).map(({ resource, soft, hard, unit }) => [
      resource,
      [soft === hard ? soft : `${soft} (hard ${hard})`, unit].join(' ').trim(),
    ]),
  }
}

/** A server may have ten thousand: more are counted, not shown. */
const MOST_FDS = 200

/** Those that execve closes are left out: what the launcher works with is none of the container's. */
export function fdSection(pid: number): FactSection {
  const fds = readFds(pid, MOST_FDS)
  const rows = fds.shown.flatMap(({ fd, target, closesAtExec }): FactRow[] =>
    closesAtExec ? [] : [[String(fd), target]],
  )
  const more = fds.count - fds.shown.length
  return {
    source: `${procPath(pid, 'fd')}, without O_CLOEXEC`,
    rows: more > 0 ? [...rows, ['more', `${more} descriptors`]] : rows,
  }
}
