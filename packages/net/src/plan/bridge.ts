/** The bridge that a network is, as steps: made, or taken as it is when it is there already. See ip-link(8), bridge(8). */
import { ref, shellWord, type Step } from '@mini-docker/syscall'
import type { Cidr } from '../address/cidr.ts'
import { macOf } from '../pool/mac.ts'
import { newAddress } from '../rtnetlink/address.ts'
import { deleteLink, getLink, newLink, newOwnedLink, setLink } from '../rtnetlink/link.ts'
import { askIndexCalls, requestCalls, requestTogetherCalls } from '../rtnetlink/request.ts'
import { planHostSocket } from './endpoint.ts'
import { addressLine, HOST, step, sysctlCalls, sysctlLine } from './step.ts'

export type Bridge = {
  name: string
  /** Whose it is: `ownerAlias(…)`. */
  alias?: string | undefined
  /** Default: made of the first address. Never left to the kernel, whose choice changes with the ports. */
  mac?: string | undefined
  mtu?: number | undefined
  /** The gateways of the network, with the length of the subnet. Without one of IPv6, the bridge speaks none. */
  addresses: readonly Cidr[]
}

/** The program that makes or adopts a bridge, with addresses, settings, and up. Twice is the same as once. Needs CAP_NET_ADMIN. */
export function planBridge(bridge: Bridge): Step[] {
  return [planHostSocket(), planLink(bridge), planForwarding(bridge), planGateway(bridge)]
}

/** The program that removes a bridge. One that is gone already is no error. */
export function planRemoveBridge(name: string): Step[] {
  const calls = requestCalls(HOST, deleteLink(name), ['ENODEV'])
  return [planHostSocket(), step('network.bridge.remove', 'host', calls, [`ip link del ${name}`], ['ip-link(8)'])]
}

/** The step `network.bridge`. */
function planLink({ name, alias, mac, mtu, addresses }: Bridge): Step {
  const [first] = addresses
  const address = mac ?? (first === undefined ? undefined : macOf(first.address))
  const more = { ...(address !== undefined && { mac: address }), ...(mtu !== undefined && { mtu }) }
  const link = { name, kind: 'bridge', ...more } as const
  const calls =
    alias === undefined
      ? requestCalls(HOST, newLink(link, 'adopt'))
      : requestTogetherCalls(HOST, newOwnedLink({ ...link, alias }))
  const words = `${address === undefined ? '' : ` address ${address}`}${mtu === undefined ? '' : ` mtu ${mtu}`}`
  const shell = [
    `ip link add ${name} type bridge forward_delay 0 stp_state 0`,
    ...(words === '' && alias === undefined
      ? []
      : [`ip link set ${name}${words}${alias === undefined ? '' : ` alias ${shellWord(alias)}`}`]),
  ]
  return {
    ...step('network.bridge', 'host', calls, shell, ['ip-link(8)', 'bridge(8)']),
    undoShell: [`ip link del ${name}`],
  }
}

/**
 * The step `network.forwarding`: the kernel passes on packets between interfaces only when told so. What may be read-only (a machine that is a
 * container itself) is left; `readNetworkFacts` tells when it is off.
 */
function planForwarding({ name, addresses }: Bridge): Step {
  const six = addresses.some(({ address }) => address.version === 6)
  const ofBridge: [path: string, value: string][] = six
    ? [
        // A link-local address that is still being checked answers nobody for a second.
        [`net/ipv6/conf/${name}/accept_dad`, '0'],
        [`net/ipv6/conf/${name}/accept_ra`, '0'],
        [`net/ipv6/conf/${name}/disable_ipv6`, '0'],
      ]
    : [[`net/ipv6/conf/${name}/disable_ipv6`, '1']]
  const global: [path: string, value: string][] = [
    ['net/ipv4/ip_forward', '1'],
    // So that a port published on the host is reached by 127.0.0.1, too.
    [`net/ipv4/conf/${name}/route_localnet`, '1'],
    ...(six ? ([['net/ipv6/conf/all/forwarding', '1']] as [string, string][]) : []),
  ]
  const calls = [...global, ...ofBridge].flatMap(([path, value]) =>
    sysctlCalls(path, value, path.includes('ipv6') ? ['EROFS', 'EACCES', 'ENOENT'] : ['EROFS', 'EACCES']),
  )
  const shell = [...global, ...ofBridge].map(([path, value]) => sysctlLine(path, value))
  return step('network.forwarding', 'host', calls, shell, ['ip(7)', 'ipv6(7)', 'proc(5)'])
}

/** The step `network.gateway`: the bridge is the way out of its network. */
function planGateway({ name, addresses }: Bridge): Step {
  const index = `network.bridge.${name}`
  const calls = [
    ...askIndexCalls(HOST, getLink(name), index),
    ...addresses.flatMap((address) => requestCalls(HOST, newAddress({ index: ref(index), address }), ['EEXIST'])),
    ...requestCalls(HOST, setLink(ref(index), { up: true })),
  ]
  const shell = [...addresses.map((address) => addressLine(address, name)), `ip link set ${name} up`]
  return step('network.gateway', 'host', calls, shell, ['ip-address(8)'])
}
