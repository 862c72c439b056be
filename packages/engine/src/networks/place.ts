/** A container's places in its networks: addresses, hardware addresses, names of links. Everything is decided in one go, so that two starts cannot get the same. */
import { randomBytes } from 'node:crypto'
import {
  allocate,
  formatAddress,
  macOf,
  ownerAlias,
  parseAddress,
  parseCidr,
  parseMac,
  type Endpoint,
} from '@mini-docker/net'
import type { Engine } from '../engine.ts'
import type { Container } from '../containers/model.ts'
import type { EndpointSettings } from './endpoint.ts'
import { bridgeName, mtuOf, OPTION, optionFlag, type NetworkRecord } from './record.ts'
import { gatewayOrder, NOWHERE, takenAddresses, type EndpointState } from './sandbox.ts'

/** A place in one network. @throws UserError with docker's words when no address is left, or the wanted one is taken */
export function placeIn(
  engine: Engine,
  network: NetworkRecord,
  settings: EndpointSettings,
  interfaceName: string,
): EndpointState {
  const endpointId = randomBytes(32).toString('hex')
  const sandboxes = engine.containers.all().map(({ state }) => state.network)
  const taken = takenAddresses([...sandboxes, ...engine.networks.departing], network.id)
  const state: EndpointState = {
    ...NOWHERE,
    networkId: network.id,
    endpointId,
    interface: interfaceName,
    hostName: `veth${endpointId.slice(0, 7)}`,
  }
  for (const pool of network.pools) {
    const subnet = parseCidr(pool.Subnet)
    const { version } = subnet.address
    const wanted = version === 4 ? settings.IPAMConfig?.IPv4Address : settings.IPAMConfig?.IPv6Address
    const address = allocate(subnet, {
      ipRange: pool.IPRange === undefined ? undefined : parseCidr(pool.IPRange),
      gateway: pool.Gateway === undefined ? undefined : parseAddress(pool.Gateway),
      taken: [...taken, ...Object.values(pool.AuxiliaryAddresses ?? {}).map(parseAddress)],
      wanted: wanted ? parseAddress(wanted) : undefined,
    })
    const gateway = network.internal ? '' : (pool.Gateway ?? '')
    if (version === 4) {
      Object.assign(state, {
        ipv4: formatAddress(address.bytes),
        ipv4Length: subnet.prefixLength,
        ipv4Gateway: gateway,
      })
      state.mac = settings.MacAddress === '' ? macOf(address) : parseMac(settings.MacAddress)
    } else
      Object.assign(state, {
        ipv6: formatAddress(address.bytes),
        ipv6Length: subnet.prefixLength,
        ipv6Gateway: gateway,
      })
  }
  return state
}

/** A place as the planners of `net` want it. Only one network has the way out. */
export function endpointOf(
  engine: Engine,
  containerId: string,
  network: NetworkRecord,
  state: EndpointState,
  wayOut: boolean,
): Endpoint {
  const cidr = (address: string, length: number) => (address === '' ? [] : [parseCidr(`${address}/${length}`)])
  const gateway = (version: 4 | 6, address: string) => (address === '' || !wayOut ? [] : [{ version, address }])
  return {
    bridge: bridgeName(network),
    hostName: state.hostName,
    name: state.interface,
    alias: ownerAlias(engine.networks.owner, containerId),
    mac: state.mac,
    addresses: [...cidr(state.ipv4, state.ipv4Length), ...cidr(state.ipv6, state.ipv6Length)],
    gateways: [...gateway(4, state.ipv4Gateway), ...gateway(6, state.ipv6Gateway)],
    mtu: mtuOf(network),
    hairpin: true,
    isolated: !optionFlag(network, OPTION.icc, true),
  }
}

/** The names of a container's networks, the one with the way out first. */
export function orderedNetworks(
  engine: Engine,
  { record }: Pick<Container, 'record'>,
  names: readonly string[],
): string[] {
  const { store } = engine.networks
  const known = new Map(store.all().map((network) => [network.name, network]))
  return gatewayOrder(
    names,
    (name) => record.networks[name]?.GwPriority ?? 0,
    (name) => known.get(name)?.internal === true,
  )
}
