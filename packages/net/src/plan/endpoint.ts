/**
 * A container's place in a network, as steps: a veth pair, one end a port of the network's bridge on the host, the other end `eth0` of
 * the container, with its addresses and routes. See veth(4), network_namespaces(7), ip-link(8). Or a macvlan: a second hardware address on an
 * interface of the host, in the container.
 *
 * Requests are sent on two sockets. One was opened in the host's network namespace, the other by the container's own process in its
 * namespace; each speaks for the namespace it was born in. When the container's namespace ends, its end of the pair goes, and the
 * kernel takes the other with it.
 */
import { shellWord, type Call, type Ref, type Step } from '@mini-docker/syscall'
import type { Cidr } from '../address/cidr.ts'
import { newAddress, newRoute } from '../rtnetlink/address.ts'
import { getLink, newLink, setHairpin, setIsolated, setLink, type MacvlanMode } from '../rtnetlink/link.ts'
import { askIndexCalls, openSocketCall, requestCalls } from '../rtnetlink/request.ts'
import { addressLine, HOST, step, sysctlCalls, sysctlLine, type Target } from './step.ts'

/** The container's side, whatever it is connected by. */
export type Interface = {
  /** `eth0`, in the next network `eth1`. */
  name: string
  mac: string
  /** With the prefix length of the network, IPv4 first. Without one of IPv6, the interface speaks none. */
  addresses: readonly Cidr[]
  /** Default routes; a container in several networks has them in one. */
  gateways: readonly { version: 4 | 6; address: string }[]
  mtu?: number | undefined
  /** Settings of this interface, as paths below /proc/sys: written before it is switched on. */
  sysctls?: readonly { path: string; value: string }[] | undefined
}

/** On a bridge. */
export type Endpoint = Interface & {
  /** The bridge that the network is, by name; it is there already. */
  bridge: string
  /** The host's end: at most 15 bytes, unique on the host. */
  hostName: string
  /** Whose the host's end is: `ownerAlias(…)`. */
  alias?: string | undefined
  /** Frames may go back out of the port they came in by: so that a container reaches itself by a published port. */
  hairpin: boolean
  /** It does not hear its neighbours on the bridge, nor they it: docker's `enable_icc=false`. The network in the firewall's state is `icc: false` then. */
  isolated?: boolean | undefined
}

/** Beside an interface of the host. */
export type MacvlanEndpoint = Interface & { parent: string; mode: MacvlanMode }

/** The step `network.socket`, before the container is born: the host's network namespace is spoken to over it. */
export function planHostSocket(): Step {
  return step('network.socket', 'host', [openSocketCall(HOST)], [], ['netlink(7)', 'rtnetlink(7)'])
}

/**
 * The step `network.veth`, on the host. `target` is the container's process, or the name of the call that made it. It needs no undo: the pair goes with
 * the namespace that its other end is born in, and waiting for the kernel to remove it takes 15 ms.
 */
export function planVeth(endpoint: Endpoint, target: number | Ref | Target): Step {
  const { bridge, hostName, name, mac, mtu, hairpin, isolated = false, alias } = endpoint
  const size = mtu === undefined ? {} : { mtu }
  const peer = { name, mac, namespace: targetOf(target), ...size }
  const port = `network.port.${hostName}`
  const calls: Call[] = [
    ...askIndexCalls(HOST, getLink(bridge), `network.bridge.${bridge}`),
    ...requestCalls(
      HOST,
      newLink({ name: hostName, kind: 'veth', up: true, master: { ref: `network.bridge.${bridge}` }, peer, ...size }),
    ),
    ...(alias === undefined ? [] : requestCalls(HOST, setLink(hostName, { alias }))),
  ]
  if (hairpin || isolated) calls.push(...askIndexCalls(HOST, getLink(hostName), port))
  if (hairpin) calls.push(...requestCalls(HOST, setHairpin({ ref: port }, true)))
  if (isolated) calls.push(...requestCalls(HOST, setIsolated({ ref: port }, true)))
  const mtuWords = mtu === undefined ? '' : ` mtu ${mtu}`
  const shell = [
    `ip link add ${hostName}${mtuWords} type veth peer name ${name} address ${mac}${mtuWords} netns ${shellPid(target)}`,
    `ip link set ${hostName} master ${bridge}${alias === undefined ? '' : ` alias ${shellWord(alias)}`} up`,
    ...(hairpin ? [`bridge link set dev ${hostName} hairpin on`] : []),
    ...(isolated ? [`bridge link set dev ${hostName} isolated on`] : []),
  ]
  return step('network.veth', 'host', calls, shell, ['veth(4)', 'ip-link(8)'])
}

/** The step `network.macvlan`, on the host. It ends with the container's namespace. */
export function planMacvlan(endpoint: MacvlanEndpoint, target: number | Ref | Target): Step {
  const { parent, mode, name, mac, mtu } = endpoint
  const size = mtu === undefined ? {} : { mtu }
  const below = { ref: `network.parent.${parent}` }
  const namespace = targetOf(target)
  const calls = [
    ...askIndexCalls(HOST, getLink(parent), below.ref),
    ...requestCalls(HOST, newLink({ name, kind: 'macvlan', parent: below, mode, mac, namespace, ...size })),
  ]
  const mtuWords = mtu === undefined ? '' : ` mtu ${mtu}`
  const shell = [
    `ip link add ${name} link ${parent} address ${mac}${mtuWords} netns ${shellPid(target)} type macvlan mode ${mode}`,
  ]
  return step('network.macvlan', 'host', calls, shell, ['ip-link(8)'])
}

/** The step `network.address`, in the container: its end gets addresses, is switched on, and leads out. */
export function planAddress({ name, addresses, gateways, sysctls = [] }: Interface): Step {
  const index = { ref: `network.link.${name}` }
  const inside = `network.inside.${name}`
  const noSix = addresses.some(({ address }) => address.version === 6)
    ? []
    : ([[`net/ipv6/conf/${name}/disable_ipv6`, '1']] as const)
  const calls: Call[] = [
    openSocketCall(inside),
    ...askIndexCalls(inside, getLink(name), index.ref),
    ...noSix.flatMap(([path, value]) => sysctlCalls(path, value, ['ENOENT', 'EROFS'])),
    ...sysctls.flatMap(({ path, value }) => sysctlCalls(path, value)),
    ...addresses.flatMap((address) => requestCalls(inside, newAddress({ index, address }))),
    ...requestCalls(inside, setLink(index, { up: true })),
    ...gateways.flatMap(({ version, address }) => requestCalls(inside, newRoute({ version, gateway: address, index }))),
  ]
  const shell = [
    ...noSix.map(([path, value]) => sysctlLine(path, value)),
    ...sysctls.map(({ path, value }) => sysctlLine(path, value)),
    ...addresses.map((address) => addressLine(address, name)),
    `ip link set ${name} up`,
    ...gateways.map(({ version, address }) => `ip -${version} route replace default via ${address} dev ${name}`),
  ]
  return step('network.address', 'container', calls, shell, ['ip-address(8)', 'ip-route(8)'])
}

/** The step `network.route`: the way out leads over this interface from now on. */
export function planDefaultRoute({ name, gateways }: Interface): Step {
  const index = { ref: `network.link.${name}` }
  const inside = `network.inside.${name}`
  const calls = [
    openSocketCall(inside),
    ...askIndexCalls(inside, getLink(name), index.ref),
    ...gateways.flatMap(({ version, address }) => requestCalls(inside, newRoute({ version, gateway: address, index }))),
  ]
  const shell = gateways.map(
    ({ version, address }) => `ip -${version} route replace default via ${address} dev ${name}`,
  )
  return step('network.route', 'container', calls, shell, ['ip-route(8)'])
}

function targetOf(target: number | Ref | Target): Target {
  return typeof target === 'number' || 'ref' in target ? { pid: target } : target
}

/** In the script, the container's process is known by a variable. */
function shellPid(target: number | Ref | Target): string {
  const named = targetOf(target)
  return 'pid' in named && typeof named.pid === 'number' ? String(named.pid) : '"$PID"'
}
