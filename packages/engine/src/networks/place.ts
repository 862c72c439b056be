/** A container's places in its networks: addresses, hardware addresses, names of links. Everything is decided in one go, so that two starts cannot get the same. */
import { randomBytes } from 'node:crypto'
import {
  allocate,
  contains,
  formatAddress,
  macOf,
  ownerAlias,
  parseAddress,
  parseCidr,
  parseMac,
  type Address,
  type Endpoint,
  type MacvlanEndpoint,
} from '@mini-docker/net'
import { UserError } from '@mini-docker/syscall'
import { StatusError } from '../api/status.ts'
import type { Engine } from '../engine.ts'
import { driverOptions } from './driver-options.ts'
import type { EndpointSettings } from './endpoint.ts'
import { macvlanMode, parentOf } from './macvlan.ts'
import { bridgeName, isInternal, mtuOf, OPTION, optionFlag, type NetworkRecord } from './record.ts'
import { NOWHERE, takenAddresses, type EndpointState } from './sandbox.ts'

/** A place in one network. `interfaces`: those that the container has. @throws UserError, StatusError with docker's words when no address is left, or the wanted one is taken */
export function placeIn(
  engine: Engine,
  network: NetworkRecord,
  settings: EndpointSettings,
  interfaces: readonly string[],
): EndpointState {
  try {
    return choosePlace(engine, network, settings, interfaces)
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'unavailable') throw error
    throw new StatusError(500, `${error.message}: ${network.name} (${network.id})`, { cause: error, hint: error.hint })
  }
}

function choosePlace(
  engine: Engine,
  network: NetworkRecord,
  settings: EndpointSettings,
  interfaces: readonly string[],
): EndpointState {
  const endpointId = randomBytes(32).toString('hex')
  const sandboxes = engine.containers.all().map(({ state }) => state.network)
  const taken = takenAddresses([...sandboxes, ...engine.networks.departing], network.id)
  const { IPv4Address, IPv6Address, LinkLocalIPs } = settings.IPAMConfig ?? {}
  const four = addressIn(network, 4, IPv4Address, taken)
  const six = addressIn(network, 6, IPv6Address, taken)
  const address = four ?? six
  const { ifname, sysctls } = driverOptions(settings)
  const name = ifname ?? freeInterface(network.options[OPTION.prefix] ?? 'eth', interfaces)
  return {
    ...NOWHERE,
    networkId: network.id,
    endpointId,
    interface: name,
    hostName: network.driver === 'bridge' ? `veth${endpointId.slice(0, 7)}` : '',
    mac:
      settings.MacAddress !== '' ? parseMac(settings.MacAddress) : address === undefined ? '' : macOf(address.address),
    ...(four && { ipv4: formatAddress(four.address.bytes), ipv4Length: four.length, ipv4Gateway: four.gateway }),
    ...(six && { ipv6: formatAddress(six.address.bytes), ipv6Length: six.length, ipv6Gateway: six.gateway }),
    ...((LinkLocalIPs ?? []).length > 0 && { linkLocal: LinkLocalIPs ?? [] }),
    ...(sysctls.length > 0 && {
      sysctls: sysctls.map((sysctl) => ({ ...sysctl, path: sysctl.path.replace('IFNAME', name) })),
    }),
  }
}

function freeInterface(prefix: string, taken: readonly string[]): string {
  for (let number = 0; ; number++) if (!taken.includes(`${prefix}${number}`)) return `${prefix}${number}`
}

type Found = { address: Address; length: number; gateway: string }

/** Of the version's first pool that has one left, or the wanted one of the pool that it belongs to; undefined where the network has no such version. */
function addressIn(
  network: NetworkRecord,
  version: 4 | 6,
  wanted: string | undefined,
  taken: readonly Address[],
): Found | undefined {
  const pools = network.pools
    .map((pool) => ({ pool, subnet: parseCidr(pool.Subnet) }))
    .filter(({ subnet }) => subnet.address.version === version)
  const asked = wanted ? parseAddress(wanted) : undefined
  const holding = asked === undefined ? [] : pools.filter(({ subnet }) => contains(subnet, asked))
  const candidates = holding.length > 0 ? holding : pools
  for (const [index, { pool, subnet }] of candidates.entries()) {
    try {
      const address = allocate(subnet, {
        ipRange: pool.IPRange === undefined ? undefined : parseCidr(pool.IPRange),
        gateway: pool.Gateway === undefined ? undefined : parseAddress(pool.Gateway),
        taken: [...taken, ...Object.values(pool.AuxiliaryAddresses ?? {}).map(parseAddress)],
        wanted: asked,
      })
      return { address, length: subnet.prefixLength, gateway: isInternal(network) ? '' : (pool.Gateway ?? '') }
    } catch (error) {
      const full = error instanceof UserError && error.code === 'unavailable'
      if (!full || index === candidates.length - 1) throw error
    }
  }
  return undefined
}

/** A place as the planners of `net` want it. Only one network has the way out. */
export function endpointOf(
  engine: Engine,
  containerId: string,
  network: NetworkRecord,
  state: EndpointState,
  wayOut: boolean,
): Endpoint | MacvlanEndpoint {
  const cidr = (address: string, length: number) => (address === '' ? [] : [parseCidr(`${address}/${length}`)])
  const gateway = (version: 4 | 6, address: string) =>
    address === '' || !wayOut ? [] : [{ version, address } as const]
  const inside = {
    name: state.interface,
    mac: state.mac,
    addresses: [
      ...cidr(state.ipv4, state.ipv4Length),
      ...cidr(state.ipv6, state.ipv6Length),
      ...(state.linkLocal ?? []).flatMap((address) => cidr(address, address.includes(':') ? 64 : 16)),
    ],
    gateways: [...gateway(4, state.ipv4Gateway), ...gateway(6, state.ipv6Gateway)],
    mtu: mtuOf(network),
    sysctls: state.sysctls,
  }
  if (network.driver === 'macvlan') return { ...inside, parent: parentOf(network), mode: macvlanMode(network) }
  return {
    ...inside,
    bridge: bridgeName(network),
    hostName: state.hostName,
    alias: ownerAlias(engine.networks.owner, containerId),
    hairpin: true,
    isolated: !optionFlag(network, OPTION.icc, true),
  }
}
