/** Everything about one process, typed: what a drawn cross-section of a container is made of. */
import { contains, formatCidr, networkOf, parseAddress, parseCidr } from '@mini-docker/net'
import { readFileSync } from 'node:fs'
import { readCgroups, type CgroupFact } from './cgroup.ts'
import { readFirewall, type FirewallTable } from './firewall.ts'
import { readMounts, type MountFact } from './mounts.ts'
import { readMembers, readNamespaces, readOwner, type NamespaceFact } from './namespaces.ts'
import { readNetwork, type NetworkFact } from './network.ts'
import { missing, noProcess, readProc, startTime } from './proc.ts'
import { readCommand, readFds, readHostname, readIdMaps, readLimits, readPlaces } from './process.ts'
import type { IdMaps, LimitFact, Places } from './process.ts'
import { readProcesses, type ProcessFact } from './processes.ts'
import { readLabel, readOomScoreAdjust, readStatus, type StatusFact } from './status.ts'

/** Who else is in a namespace, and is no process of this container. */
export type Sharer = { pid: number; name: string; containerId?: string }

export type AnatomyNamespace = NamespaceFact & {
  /** The user namespace that owns it, and that one's owner. */
  owner?: { userInode: number; uid: number }
  /** Not told for the reader's own namespaces, in which the whole machine is. */
  sharedWith: Sharer[]
}

export type Anatomy = {
  pid: number
  /** The 64 digits that container engines put into the name of its control group. */
  containerId?: string
  status: StatusFact
  command: string[]
  places: Places
  hostname?: string
  namespaces: AnatomyNamespace[]
  mounts: MountFact[]
  idMaps: IdMaps
  cgroups: CgroupFact[]
  /** Missing where the reader may not go to its network namespace. */
  network?: NetworkFact
  /** Tables of the reader's namespace, cut down to what names the process's addresses, networks or cables; and all of those inside. */
  firewall?: { host: FirewallTable[]; inside: FirewallTable[] }
  processes: ProcessFact[]
  /** The highest capability that this kernel has. */
  lastCapability: number
  label?: string
  oomScoreAdjust?: number
  limits: LimitFact[]
  openFiles: number
}

/**
 * Reads all of it: 20 to 50 ms, since every process of the machine is asked for its namespaces, and nft runs once or twice.
 * @throws UserError `not-found` where there is no such process, `denied` where it is somebody else's and the reader is not root
 */
export async function readAnatomy(pid: number): Promise<Anatomy> {
  const started = startTime(pid)
  const namespaces = readNamespaces(pid)
  const members = readMembers(namespaces.filter(({ isReaders }) => !isReaders))
  const processes = readProcesses(pid)
  const network = readNetwork(pid)
  const containerId = containerIdOf(pid)
  const [hostname, label, oomScoreAdjust] = [readHostname(pid), readLabel(pid), readOomScoreAdjust(pid)]
  const anatomy: Anatomy = {
    pid,
    ...(containerId !== undefined && { containerId }),
    status: readStatus(pid),
    command: readCommand(pid),
    places: readPlaces(pid),
    ...(hostname !== undefined && { hostname }),
    namespaces: namespaces.map((namespace) => withSharers(pid, namespace, members, processes)),
    mounts: readMounts(pid),
    idMaps: readIdMaps(pid),
    cgroups: readCgroups(pid),
    ...(network !== undefined && { network }),
    processes,
    lastCapability: Number(readProcNumber('/proc/sys/kernel/cap_last_cap')),
    ...(label !== undefined && { label }),
    ...(oomScoreAdjust !== undefined && { oomScoreAdjust }),
    limits: readLimits(pid),
    openFiles: readFds(pid, 0).count,
  }
  const firewall = network === undefined ? undefined : await readRules(pid, network)
  if (missing(() => startTime(pid)) !== started) throw noProcess(pid)
  return { ...anatomy, ...(firewall !== undefined && { firewall }) }
}

/**
 * The rules and elements that name something of the process: one of its addresses, the network that it is in, its cable or its bridge; and,
 * of a table with sets, the rules that look into those. Pure.
 */
export function concerning(
  tables: readonly FirewallTable[],
  { addresses, cables, bridges }: Pick<NetworkFact, 'addresses' | 'cables' | 'bridges'>,
): FirewallTable[] {
  const masters = new Set(cables.flatMap(({ outside }) => outside.master ?? []))
  const own = addresses.filter(({ scope }) => scope === 'global').map(({ address }) => parseCidr(address))
  const networks = own.map((cidr) => formatCidr(networkOf(cidr)))
  const names = [
    ...own.map((cidr) => formatCidr({ ...cidr, prefixLength: cidr.address.version === 4 ? 32 : 128 }).split('/')[0]!),
    ...networks,
    ...cables.map(({ outside }) => outside.name),
    ...bridges.flatMap(({ link }) => (masters.has(link.name) ? [link.name] : [])),
  ]
  const named = (text: string): boolean => {
    const words = text.split(/[\s"{},]+/)
    return names.some((name) => words.includes(name)) || words.some((word) => holdsOne(word, own))
  }
  return tables.flatMap((table) => {
    const sets = table.sets.flatMap((set) => {
      const elements = set.elements.filter(named)
      return elements.length === 0 ? [] : [{ ...set, elements }]
    })
    const used = sets.map(({ name }) => `@${name}`)
    const concerns = (rule: string): boolean => named(rule) || rule.split(/\s+/).some((word) => used.includes(word))
    const chains = table.chains.flatMap((chain) => {
      const rules = chain.rules.filter(concerns)
      return rules.length === 0 ? [] : [{ ...chain, rules }]
    })
    return sets.length + chains.length === 0 ? [] : [{ ...table, sets, chains }]
  })
}

/** A network of which one of the addresses is a part; `0.0.0.0/0` is everybody and says nothing. */
function holdsOne(word: string, own: readonly ReturnType<typeof parseCidr>[]): boolean {
  const [, address = '', length] = /^([0-9a-f.:]+)\/(\d+)$/.exec(word) ?? []
  if (length === undefined || length === '0') return false
  return (
    missing(() => {
      const network = { address: parseAddress(address), prefixLength: Number(length) }
      return own.some((cidr) => cidr.address.version === network.address.version && contains(network, cidr.address))
    }) ?? false
  )
}

async function readRules(pid: number, network: NetworkFact): Promise<Anatomy['firewall']> {
  const host = await readFirewall()
  if (host === undefined || network.isReaders) return undefined
  const inside = await readFirewall({ namespace: `/proc/${pid}/ns/net` }).catch(() => undefined)
  return { host: concerning(host, network), inside: inside ?? [] }
}

function withSharers(
  pid: number,
  namespace: NamespaceFact,
  members: ReadonlyMap<string, number[]>,
  processes: readonly ProcessFact[],
): AnatomyNamespace {
  const own = new Set(processes.map((process) => process.pid))
  const owner = namespace.kind === 'user' ? undefined : readOwner(pid, namespace.kind)
  const others = (members.get(namespace.link) ?? []).filter((member) => !own.has(member))
  return {
    ...namespace,
    ...(owner !== undefined && { owner }),
    sharedWith: others.flatMap((other) => {
      const status = missing(() => readStatus(other))
      if (status === undefined) return []
      const containerId = containerIdOf(other)
      return [{ pid: other, name: status.name, ...(containerId !== undefined && { containerId }) }]
    }),
  }
}

/** Docker, containerd, podman and mini-docker name a container's group by its id: `/docker/ID`, `docker-ID.scope`, `libpod-ID.scope`. */
export function containerIdOf(pid: number): string | undefined {
  return missing(() => /[/-]([0-9a-f]{64})(?=[/.\n]|$)/.exec(readProc(pid, 'cgroup')))?.[1]
}

function readProcNumber(path: string): string | undefined {
  return missing(() => readFileSync(path, 'utf8'))
}
