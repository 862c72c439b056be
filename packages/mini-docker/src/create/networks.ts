/**
 * `--network` and what goes with it, as the API wants it: the mode of the container, and an endpoint for each network.
 *
 *     --network mynet      --network name=mynet,alias=db,ip=10.0.0.5,driver-opt=k=v      --network container:other
 *
 * `--ip`, `--mac-address`, `--network-alias` and the like are about the first network. As docker's client does, a single
 * network without wishes gets no endpoint: the mode says it already.
 */
import { csvFields } from '../cli/csv.ts'
import type { Flags } from '../cli/flags.ts'
import { checkMac } from './addresses.ts'

/** What one `--network` asks for. */
export type NetworkWish = {
  target: string
  aliases: string[]
  links: string[]
  ip: string
  ip6: string
  linkLocalIps: string[]
  mac: string
  driverOptions: Record<string, string>
  gatewayPriority: number
}

/** Reads one `--network`. Throws with docker's words. */
export function parseNetwork(text: string): NetworkWish {
  const wish = wishFor(text)
  if (!/\w+=\w+(,\w+=\w+)*/.test(text)) return wish
  wish.target = ''
  for (const field of csvFields(text)) {
    // Docker takes capitals in this form for small letters.
    const [key, value] = cut(field.toLowerCase())
    if (value === undefined || key === '') throw new Error(`invalid field ${field}`)
    setField(wish, key.trim(), value.trim())
  }
  if (wish.target === '') throw new Error('network name/id is not specified')
  return wish
}

function wishFor(target: string): NetworkWish {
  return {
    target,
    aliases: [],
    links: [],
    ip: '',
    ip6: '',
    linkLocalIps: [],
    mac: '',
    driverOptions: {},
    gatewayPriority: 0,
  }
}

function setField(wish: NetworkWish, key: string, value: string): void {
  switch (key) {
    case 'name':
      wish.target = value
      break
    case 'alias':
      wish.aliases.push(value)
      break
    case 'ip':
      wish.ip = value
      break
    case 'ip6':
      wish.ip6 = value
      break
    case 'mac-address':
      wish.mac = value
      break
    case 'link-local-ip':
      wish.linkLocalIps.push(value)
      break
    case 'driver-opt':
      Object.assign(wish.driverOptions, driverOption(value, 'invalid key value pair format in driver options'))
      break
    case 'gw-priority':
      if (!/^[+-]?\d+$/.test(value)) throw new Error(`invalid gw-priority (${value}): invalid syntax`)
      wish.gatewayPriority = Number(value)
      break
    default:
      throw new Error(`invalid field key ${key}`)
  }
}

/** `k=v` of a driver; throws `complaint` otherwise. */
export function driverOption(text: string, complaint: string): Record<string, string> {
  const [key, value] = cut(text)
  if (value === undefined || key === '') throw new Error(complaint)
  return { [key.trim()]: value.trim() }
}

/** The mode, and the endpoints by network. Throws with docker's words. */
export function networkingOf(flags: Flags): { mode: string; endpoints: Record<string, Endpoint> } {
  const given = flags.list('network').map(parseNetwork)
  const wishes = given.length === 0 ? [wishFor('default')] : given
  const endpoints = new Map<string, Endpoint>()
  for (const [index, wish] of wishes.entries()) {
    const endpoint = endpointOf(index === 0 ? withOwnFlags(wish, flags) : wish)
    if (endpoints.has(wish.target))
      throw new Error(`network ${JSON.stringify(wish.target)} is specified multiple times`)
    if (given.length === 1 && isPlain(endpoint)) continue
    endpoints.set(wish.target, endpoint)
  }
  if (new Set(wishes.map(({ target }) => isUserDefined(target))).size > 1) {
    throw new Error('conflicting options: cannot attach both user-defined and non-user-defined network-modes')
  }
  const sorted = [...endpoints].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return { mode: wishes[0]?.target ?? 'default', endpoints: Object.fromEntries(sorted) }
}

/** The flags beside `--network` are about the first network, where that says nothing itself. */
function withOwnFlags(wish: NetworkWish, flags: Flags): NetworkWish {
  const aliases = flags.list('network-alias')
  const linkLocalIps = flags.list('link-local-ip')
  const [ip, ip6, mac] = ['ip', 'ip6', 'mac-address'].map((name) => flags.string(name) ?? '') as [
    string,
    string,
    string,
  ]
  const conflicts: Array<[clash: boolean, flag: string, other: string]> = [
    [wish.aliases.length > 0 && aliases.length > 0, 'network-alias', 'per-network alias'],
    [wish.ip !== '' && ip !== '', 'ip', 'per-network IPv4 address'],
    [wish.ip6 !== '' && ip6 !== '', 'ip6', 'per-network IPv6 address'],
    [wish.mac !== '' && mac !== '', 'mac-address', 'per-network MAC address'],
    [wish.linkLocalIps.length > 0 && linkLocalIps.length > 0, 'link-local-ip', 'per-network link-local IP addresses'],
  ]
  const conflict = conflicts.find(([clash]) => clash)
  if (conflict !== undefined)
    throw new Error(`conflicting options: cannot specify both --${conflict[1]} and ${conflict[2]}`)
  return {
    ...wish,
    aliases: [...wish.aliases, ...aliases],
    // On the default network a link is of the container, not of its endpoint.
    links: isUserDefined(wish.target) ? flags.list('link') : [],
    ip: wish.ip || ip,
    ip6: wish.ip6 || ip6,
    mac: wish.mac || mac,
    linkLocalIps: [...wish.linkLocalIps, ...linkLocalIps],
  }
}

function isUserDefined(target: string): boolean {
  return !['default', 'bridge', 'host', 'none'].includes(target) && !target.startsWith('container:')
}

/** An endpoint's wishes, and what only the daemon knows, as docker's client spells it out. */
export type Endpoint = ReturnType<typeof endpointOf>

export function endpointOf(wish: NetworkWish) {
  if (wish.target.trim() === '') throw new Error('no name set for network')
  if (!isUserDefined(wish.target) && wish.aliases.length > 0)
    throw new Error('network-scoped aliases are only supported for user-defined networks')
  if (wish.mac !== '') checkMac(wish.mac)
  const wantsAddress = wish.ip !== '' || wish.ip6 !== '' || wish.linkLocalIps.length > 0
  return {
    IPAMConfig: wantsAddress ? ipamConfig(wish) : null,
    Links: orNull(wish.links),
    Aliases: orNull(wish.aliases),
    MacAddress: wish.mac,
    DriverOpts: Object.keys(wish.driverOptions).length === 0 ? null : wish.driverOptions,
    GwPriority: wish.gatewayPriority,
    ...KNOWN_LATER,
  }
}

/** The addresses that are asked for, without those that are not. */
export function ipamConfig({ ip, ip6, linkLocalIps }: Pick<NetworkWish, 'ip' | 'ip6' | 'linkLocalIps'>) {
  return {
    ...(ip === '' ? {} : { IPv4Address: ip }),
    ...(ip6 === '' ? {} : { IPv6Address: ip6 }),
    ...(linkLocalIps.length === 0 ? {} : { LinkLocalIPs: linkLocalIps }),
  }
}

export const KNOWN_LATER = {
  NetworkID: '',
  EndpointID: '',
  Gateway: '',
  IPAddress: '',
  IPPrefixLen: 0,
  IPv6Gateway: '',
  GlobalIPv6Address: '',
  GlobalIPv6PrefixLen: 0,
  DNSNames: null,
}

function isPlain(endpoint: Endpoint): boolean {
  const { IPAMConfig, Links, Aliases, MacAddress, DriverOpts, GwPriority } = endpoint
  return (
    [IPAMConfig, Links, Aliases, DriverOpts].every((field) => field === null) && MacAddress === '' && GwPriority === 0
  )
}

function cut(text: string): [key: string, value: string | undefined] {
  const equals = text.indexOf('=')
  return equals === -1 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)]
}

function orNull(list: string[]): string[] | null {
  return list.length === 0 ? null : list
}
