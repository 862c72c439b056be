/** POST /networks/create: everything is checked and a subnet chosen; the bridge is made when a container first needs it. */
import { randomBytes } from 'node:crypto'
import {
  checkSubnet,
  chooseGateway,
  chooseSubnet,
  chooseUla,
  contains,
  formatAddress,
  formatCidr,
  NetlinkSocket,
  networkOf,
  parseAddress,
  parseCidr,
  readTakenSubnets,
  type Cidr,
} from '@mini-docker/net'
import { UserError } from '@mini-docker/syscall'
import { z } from 'zod'
import { flag, list, text, textMap } from '../api/schema.ts'
import { nowRfc3339 } from '../clock.ts'
import type { Engine } from '../engine.ts'
import { settled } from './settle.ts'
import { bridgeName, OPTION, parseBool, type IpamPool, type NetworkRecord } from './record.ts'

const maybeFlag = z.boolean().nullish()

export const networkCreateBody = z.object({
  Name: text,
  Driver: text,
  Scope: text,
  EnableIPv4: maybeFlag,
  EnableIPv6: maybeFlag,
  Internal: flag,
  Attachable: flag,
  Ingress: flag,
  ConfigOnly: flag,
  ConfigFrom: z.object({ Network: text }).nullish(),
  IPAM: z
    .object({
      Driver: text,
      Options: z.record(z.string(), z.string()).nullish(),
      Config: list(z.object({ Subnet: text, IPRange: text, Gateway: text, AuxiliaryAddresses: textMap })),
    })
    .nullish(),
  Options: textMap,
  Labels: textMap,
})
export type NetworkCreateBody = z.output<typeof networkCreateBody>

/** @throws UserError in docker's words; then nothing is made. */
export async function createNetwork(engine: Engine, body: NetworkCreateBody): Promise<NetworkRecord> {
  checkName(body.Name)
  refuseForeign(body)
  checkOptions(engine, body.Options)
  // Docker's default network has the first subnet, whoever is used first.
  settled(engine, engine.networks.store.byName('bridge'))
  const network = await engine.networks.store.create(body.Name, () => draft(engine, body))
  networkEvent(engine, network, 'create')
  return network
}

/** Tells everyone what happened to a network, in docker's form. */
export function networkEvent(
  engine: Engine,
  network: NetworkRecord,
  action: string,
  extra: Record<string, string> = {},
): void {
  engine.events.emit('network', action, network.id, { ...extra, name: network.name, type: network.driver })
}

function checkName(name: string): void {
  if (name.trim() === '') throw new UserError('invalid', 'invalid name: name is empty')
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name))
    throw new UserError('invalid', `invalid name "${name.slice(0, 100)}": only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`)
  if (name.startsWith('container:') || name === 'default')
    throw new UserError('denied', `operation is not permitted on predefined ${name} network`)
}

function refuseForeign(body: NetworkCreateBody): void {
  const { Driver, IPAM } = body
  if (['host', 'null'].includes(Driver))
    throw new UserError('denied', `only one instance of "${Driver}" network is allowed`)
  if (['macvlan', 'ipvlan', 'overlay'].includes(Driver))
    throw new UserError('not-built', `networks of the driver ${Driver} are not built yet`, {
      hint: 'use --driver bridge',
    })
  if (!['', 'bridge', 'default'].includes(Driver))
    throw new UserError('not-found', `plugin ${JSON.stringify(Driver)} not found`)
  if (!['', 'default'].includes(IPAM?.Driver ?? ''))
    throw new UserError('not-found', `plugin ${JSON.stringify(IPAM?.Driver)} not found`)
  if (body.Ingress || body.Scope === 'swarm')
    throw new UserError(
      'unavailable',
      'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
    )
  if (body.ConfigOnly || (body.ConfigFrom?.Network ?? '') !== '')
    throw new UserError(
      'not-built',
      'networks made from the configuration of others (--config-from, --config-only) are not built yet',
    )
  if (body.EnableIPv4 === false)
    throw new UserError('not-built', 'networks without IPv4 (--ipv4=false) are not built yet')
}

const FLAGS = [
  OPTION.icc,
  OPTION.masquerade,
  'com.docker.network.bridge.inhibit_ipv4',
  OPTION.defaultBridge,
] as string[]

function checkOptions(engine: Engine, options: Record<string, string>): void {
  for (const [name, value] of Object.entries(options)) {
    if (FLAGS.includes(name) && parseBool(value) === undefined)
      throw new UserError('invalid', `failed to parse ${name} value: "${value}" (invalid syntax)`)
    if (name === 'com.docker.network.bridge.inhibit_ipv4' && parseBool(value) === true)
      throw new UserError('not-built', 'a bridge without an address (inhibit_ipv4) is not built yet')
    if (name === OPTION.defaultBridge && parseBool(value) === true)
      throw new UserError('denied', 'there can be only one default bridge')
    if (name === OPTION.mtu && !/^\d{1,5}$/.test(value))
      throw new UserError('invalid', `failed to parse ${name} value: "${value}"`)
    if (name === OPTION.mtu && value !== '0' && (Number(value) < 68 || Number(value) > 65535))
      throw new UserError('invalid', `invalid MTU ${value}: the kernel takes 68 to 65535 bytes`)
    if (name === OPTION.hostBinding) parseAddress(value)
    if (name === OPTION.name) checkBridgeName(engine, value)
  }
}

function checkBridgeName(engine: Engine, value: string): void {
  if (!/^[\w.@-]{1,15}$/.test(value)) throw new UserError('invalid', `invalid interface name ${JSON.stringify(value)}`)
  const other = engine.networks.store
    .all()
    .find((network) => network.driver === 'bridge' && bridgeName(network) === value)
  if (other !== undefined)
    throw new UserError(
      'denied',
      `cannot create network (bridge name ${value}): conflicts with network ${other.id} (${value}): networks have same bridge name`,
    )
}

function draft(engine: Engine, body: NetworkCreateBody): NetworkRecord {
  const enableIPv6 = body.EnableIPv6 === true
  return {
    id: randomBytes(32).toString('hex'),
    name: body.Name,
    created: nowRfc3339(),
    driver: 'bridge',
    enableIPv6,
    internal: body.Internal,
    attachable: body.Attachable,
    predefined: false,
    options: body.Options,
    labels: body.Labels,
    configured: (body.IPAM?.Config ?? []).some(({ Subnet }) => Subnet !== ''),
    ipamOptions: body.IPAM?.Options ?? {},
    pools: choosePools(engine, body.IPAM?.Config ?? [], enableIPv6),
  }
}

function parseSubnet(text: string): Cidr {
  try {
    return parseCidr(text)
  } catch (cause) {
    throw new UserError('invalid', `Invalid subnet ${text} : ${(cause as Error).message}`, { cause })
  }
}

type Asked = NonNullable<NetworkCreateBody['IPAM']>['Config'][number]

/** One pool of IPv4, and one of IPv6 where it is enabled; what was not asked for is chosen. */
export function choosePools(engine: Engine, asked: readonly Asked[], enableIPv6: boolean): IpamPool[] {
  const given = asked
    .filter(({ Subnet }) => Subnet !== '')
    .map((config) => ({ config, subnet: parseSubnet(config.Subnet) }))
  const rest = asked.find(({ Subnet }) => Subnet === '')
  if (rest !== undefined && (rest.IPRange !== '' || rest.Gateway !== ''))
    throw new UserError(
      'invalid',
      `invalid network config: ${rest.IPRange === '' ? 'gateway' : 'ip-range'} without a subnet`,
    )
  const taken = engine.networks.store.all().flatMap(({ pools }) => pools.map(({ Subnet }) => parseCidr(Subnet)))
  return ([4, 6] as const).flatMap((version) => {
    const own = given.filter(({ subnet }) => subnet.address.version === version)
    if (own.length > 1)
      throw new UserError('not-built', `several subnets of IPv${version} in one network are not built yet`)
    if (version === 6 && !enableIPv6) return []
    const [first] = own
    if (first !== undefined) return [poolOf(checkSubnet(first.subnet, taken), first.config)]
    using socket = NetlinkSocket.open()
    const used = [...taken, ...readTakenSubnets(socket)]
    return [poolOf(version === 4 ? chooseSubnet(used) : chooseUla(engine.networks.owner, used), undefined)]
  })
}

function poolOf(subnet: Cidr, asked: Asked | undefined): IpamPool {
  const inside = (what: string, address: string): string => {
    if (!contains(subnet, parseAddress(address)))
      throw new UserError(
        'invalid',
        `invalid network config: ${what} ${address} is not in subnet ${formatCidr(subnet)}`,
      )
    return address
  }
  const range = asked?.IPRange ? parseCidr(asked.IPRange) : undefined
  if (range !== undefined && (!contains(subnet, range.address) || range.prefixLength < subnet.prefixLength))
    throw new UserError('invalid', `invalid ip-range ${asked?.IPRange}: it is not in subnet ${formatCidr(subnet)}`)
  const auxiliary = Object.entries(asked?.AuxiliaryAddresses ?? {}).map(([, address]) =>
    parseAddress(inside('auxiliary address', address)),
  )
  const wanted = asked?.Gateway ? parseAddress(inside('gateway', asked.Gateway)) : undefined
  const gateway = chooseGateway(subnet, { ipRange: range, taken: auxiliary, wanted })
  return {
    Subnet: formatCidr(networkOf(subnet)),
    ...(range === undefined ? {} : { IPRange: formatCidr(networkOf(range)) }),
    Gateway: formatAddress(gateway.bytes),
    ...(auxiliary.length === 0 ? {} : { AuxiliaryAddresses: asked?.AuxiliaryAddresses ?? {} }),
  }
}
