/**
 * The network as a process has it: links, addresses and routes of its namespace, and where its cables end in the reader's. Asked over
 * rtnetlink(7), as ip(8) does.
 */
import {
  dumpAddresses,
  dumpLinks,
  dumpRoutes,
  inNetworkNamespace,
  NetlinkSocket,
  type Decoded,
  type DecodedFields,
} from '@mini-docker/net'
import { readFileSync, readlinkSync } from 'node:fs'
import { missing, procPath } from './proc.ts'
import { peerNamespaceId } from './peer-namespace.ts'

export type LinkFact = {
  index: number
  name: string
  /** `veth`, `bridge`, `macvlan`; undefined for a device. */
  kind?: string
  up: boolean
  mtu: number
  mac?: string
  /** The bridge that it is a port of. */
  master?: string
  /** Of a veth its other end, of a macvlan its parent: an index in the namespace that `peerNamespace` numbers, or in this one. */
  peerIndex?: number
  peerNamespace?: number
  /** Who made it says so here; ours: `mini-docker:OWNER:ID`. */
  alias?: string
}

/** `address` with the length of its network: `172.17.0.2/16`. */
export type AddressFact = { link: string; address: string; scope: string }

export type RouteFact = {
  /** `default`, or a network. */
  to: string
  /** `unicast`, or why nothing gets there. */
  type: string
  via?: string
  link?: string
  /** The address that packets leave with. */
  from?: string
  metric?: number
  protocol: string
  scope: string
}

/** A cable: `inside` is a link of the process, `outside` its other end (veth) or its parent (macvlan, vlan) in the reader's namespace. */
export type CableFact = { inside: string; outside: LinkFact }

export type NetworkFact = {
  /** It is the reader's own namespace: then there are no cables. */
  isReaders: boolean
  links: LinkFact[]
  addresses: AddressFact[]
  routes: RouteFact[]
  cables: CableFact[]
  /** Of the reader's namespace: bridges, and what of addresses they have. */
  bridges: { link: LinkFact; addresses: string[] }[]
  /** Default routes of the reader's namespace: the way out of the machine. */
  waysOut: RouteFact[]
  /** Of the process's namespace, by name: `net.ipv4.ip_forward`. */
  sysctls: Record<string, string>
}

/** Of a network namespace, what a container may have set otherwise, and what decides whether packets pass. */
const SYSCTLS = [
  'net.ipv4.ip_forward',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv6.conf.all.disable_ipv6',
  'net.ipv6.conf.all.forwarding',
] as const

/** Undefined where the reader may not go there (CAP_SYS_ADMIN for another namespace), or the process has ended. */
export function readNetwork(pid: number): NetworkFact | undefined {
  return missing(() => {
    const path = procPath(pid, 'ns/net')
    const isReaders = readlinkSync(path) === readlinkSync('/proc/thread-self/ns/net')
    using here = NetlinkSocket.open()
    const outside = linksOf(here)
    if (isReaders) return { isReaders, ...readOf(here), cables: [], ...aroundOf(here, outside), sysctls: readSysctls() }
    const { socket, sysctls } = inNetworkNamespace(path, () => ({
      socket: NetlinkSocket.open(),
      sysctls: readSysctls(),
    }))
    using there = socket
    const inside = readOf(there)
    const cables = cablesBetween(inside.links, outside, peerNamespaceId(there, process.pid))
    return { isReaders, ...inside, cables, ...aroundOf(here, outside), sysctls }
  })
}

function readOf(socket: NetlinkSocket): Pick<NetworkFact, 'links' | 'addresses' | 'routes'> {
  const links = linksOf(socket)
  const nameOf = new Map(links.map(({ index, name }) => [index, name]))
  return { links, addresses: addressesOf(socket, nameOf), routes: routesOf(socket, nameOf) }
}

function linksOf(socket: NetlinkSocket): LinkFact[] {
  const all = socket.request(dumpLinks()).map(({ fields }) => fields)
  const nameOf = new Map(all.map((fields) => [number(fields['index']), text(fields['IFLA_IFNAME'])]))
  return all.map((fields) => linkOf(fields, nameOf))
}

const IFF_UP = 1

function linkOf(fields: DecodedFields, nameOf: ReadonlyMap<number | undefined, string>): LinkFact {
  const info = fields['IFLA_LINKINFO']
  const kind =
    typeof info === 'object' && !Buffer.isBuffer(info) && !Array.isArray(info) ? text(info['IFLA_INFO_KIND']) : ''
  const [master, peer, namespace] = [fields['IFLA_MASTER'], fields['IFLA_LINK'], fields['IFLA_LINK_NETNSID']].map(
    number,
  )
  const [mac, alias] = [fields['IFLA_ADDRESS'], fields['IFLA_IFALIAS']].map(text)
  return {
    index: number(fields['index']) ?? 0,
    name: text(fields['IFLA_IFNAME']),
    ...(kind !== '' && { kind }),
    up: ((number(fields['flags']) ?? 0) & IFF_UP) !== 0,
    mtu: number(fields['IFLA_MTU']) ?? 0,
    ...(mac !== '' && mac !== undefined && { mac }),
    ...(master !== undefined && { master: nameOf.get(master) ?? String(master) }),
    ...(peer !== undefined && peer !== 0 && { peerIndex: peer }),
    ...(namespace !== undefined && { peerNamespace: namespace | 0 }),
    ...(alias !== '' && alias !== undefined && { alias }),
  }
}

/**
 * Links are numbered in each namespace anew: what has the right number here is the other end only of a link that says that its other end is
 * here. `ours` is the number by which the process's namespace knows the reader's.
 */
function cablesBetween(
  inside: readonly LinkFact[],
  outside: readonly LinkFact[],
  ours: number | undefined,
): CableFact[] {
  return inside.flatMap((link) => {
    if (link.peerIndex === undefined || link.peerNamespace === undefined || link.peerNamespace !== ours) return []
    const end = outside.find(({ index }) => index === link.peerIndex)
    return end === undefined ? [] : [{ inside: link.name, outside: end }]
  })
}

/** What of the reader's own namespace packets of the process pass. */
function aroundOf(here: NetlinkSocket, links: readonly LinkFact[]): Pick<NetworkFact, 'bridges' | 'waysOut'> {
  const nameOf = new Map(links.map(({ index, name }) => [index, name]))
  return {
    bridges: bridgesOf(here, links),
    waysOut: routesOf(here, nameOf).filter(({ to, type }) => to === 'default' && type === 'unicast'),
  }
}

function bridgesOf(socket: NetlinkSocket, links: readonly LinkFact[]): NetworkFact['bridges'] {
  const bridges = links.filter(({ kind }) => kind === 'bridge')
  if (bridges.length === 0) return []
  const addresses = addressesOf(socket, new Map(links.map(({ index, name }) => [index, name])))
  return bridges.map((link) => ({
    link,
    addresses: addresses.flatMap((one) => (one.link === link.name ? [one.address] : [])),
  }))
}

/** rtnetlink(7), as ip(8) names them. */
const SCOPES: Record<number, string> = { 0: 'global', 200: 'site', 253: 'link', 254: 'host', 255: 'nowhere' }
const PROTOCOLS: Record<number, string> = { 1: 'redirect', 2: 'kernel', 3: 'boot', 4: 'static', 9: 'ra', 16: 'dhcp' }
const ROUTE_TYPES: Record<number, string> = {
  1: 'unicast',
  6: 'blackhole',
  7: 'unreachable',
  8: 'prohibit',
  9: 'throw',
}
const MAIN_TABLE = 254

function addressesOf(socket: NetlinkSocket, nameOf: ReadonlyMap<number, string>): AddressFact[] {
  return socket.request(dumpAddresses()).map(({ fields }) => ({
    link: nameOf.get(number(fields['index']) ?? 0) ?? '',
    address: `${text(fields['IFA_LOCAL'] ?? fields['IFA_ADDRESS'])}/${number(fields['prefixlen'])}`,
    scope: named(SCOPES, fields['scope']),
  }))
}

/** Of the main table, what a person means by routes; those to the process's own addresses and to everybody are in others. */
function routesOf(socket: NetlinkSocket, nameOf: ReadonlyMap<number, string>): RouteFact[] {
  return ([4, 6] as const).flatMap((version) =>
    socket.request(dumpRoutes(version)).flatMap(({ fields }) => {
      const type = ROUTE_TYPES[number(fields['type']) ?? 0]
      if ((number(fields['RTA_TABLE']) ?? number(fields['table'])) !== MAIN_TABLE || type === undefined) return []
      const [via, from] = [fields['RTA_GATEWAY'], fields['RTA_PREFSRC']].map(text)
      const link = nameOf.get(number(fields['RTA_OIF']) ?? 0)
      const metric = number(fields['RTA_PRIORITY'])
      return [
        {
          to: fields['RTA_DST'] === undefined ? 'default' : `${text(fields['RTA_DST'])}/${number(fields['dst_len'])}`,
          type,
          ...(via !== '' && via !== undefined && { via }),
          ...(link !== undefined && { link }),
          ...(from !== '' && from !== undefined && { from }),
          ...(metric !== undefined && metric !== 0 && { metric }),
          protocol: named(PROTOCOLS, fields['protocol']),
          scope: named(SCOPES, fields['scope']),
        },
      ]
    }),
  )
}

/** /proc/sys/net is that of the thread which reads it. */
function readSysctls(): Record<string, string> {
  return Object.fromEntries(
    SYSCTLS.flatMap((name) => {
      const value = missing(() => readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8'))
      return value === undefined ? [] : [[name, value.trim().replaceAll('\t', ' ')]]
    }),
  )
}

function named(names: Readonly<Record<number, string>>, value: Decoded | undefined): string {
  const code = number(value) ?? 0
  return names[code] ?? String(code)
}

function number(value: Decoded | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function text(value: Decoded | undefined): string {
  return typeof value === 'string' ? value : ''
}
