/**
 * A container's place in a network, as steps: a veth pair, one end a port of the network's bridge on the host, the other end `eth0` of
 * the container, with its addresses and routes. See veth(4), network_namespaces(7), ip-link(8).
 *
 * Requests are sent on two sockets. One was opened in the host's network namespace, the other by the container's own process in its
 * namespace; each speaks for the namespace it was born in. When the container's namespace ends, its end of the pair goes, and the
 * kernel takes the other with it.
 */
import type { Call, Ref, Step } from '@mini-docker/syscall'
import { formatCidr, type Cidr } from '../address/cidr.ts'
import { newAddress, newRoute } from '../rtnetlink/address.ts'
import { getLink, newLink, setHairpin, setLink } from '../rtnetlink/link.ts'
import { askIndexCalls, openSocketCall, requestCalls } from '../rtnetlink/request.ts'

export type Endpoint = {
  /** The bridge that the network is, by name; it is there already. */
  bridge: string
  /** The host's end: at most 15 bytes, unique on the host. */
  hostName: string
  /** The container's end: `eth0`. */
  name: string
  mac: string
  /** With the prefix length of the network, IPv4 first. */
  addresses: readonly Cidr[]
  /** Default routes; a container in several networks has them in one. */
  gateways: readonly { version: 4 | 6; address: string }[]
  mtu?: number
  /** Frames may go back out of the port they came in by: so that a container reaches itself by a published port. */
  hairpin: boolean
}

/** The step `network.socket`, before the container is born: the host's network namespace is spoken to over it. */
export function planHostSocket(): Step {
  return step('network.socket', 'host', [openSocketCall(HOST)], [], ['netlink(7)', 'rtnetlink(7)'])
}

/** The step `network.veth`, on the host. `pid` is the container's process, or the name of the call that made it. */
export function planVeth(endpoint: Endpoint, pid: number | Ref): Step {
  const { bridge, hostName, name, mac, mtu, hairpin } = endpoint
  const size = mtu === undefined ? {} : { mtu }
  const peer = { name, mac, namespace: { pid }, ...size }
  const port = `network.port.${hostName}`
  const calls: Call[] = [
    ...askIndexCalls(HOST, getLink(bridge), `network.bridge.${bridge}`),
    ...requestCalls(
      HOST,
      newLink({ name: hostName, kind: 'veth', up: true, master: { ref: `network.bridge.${bridge}` }, peer, ...size }),
    ),
  ]
  if (hairpin)
    calls.push(...askIndexCalls(HOST, getLink(hostName), port), ...requestCalls(HOST, setHairpin({ ref: port }, true)))
  const mtuWords = mtu === undefined ? '' : ` mtu ${mtu}`
  const shell = [
    `ip link add ${hostName}${mtuWords} type veth peer name ${name} address ${mac}${mtuWords} netns ${shellPid(pid)}`,
    `ip link set ${hostName} master ${bridge} up`,
    ...(hairpin ? [`bridge link set dev ${hostName} hairpin on`] : []),
  ]
  return step('network.veth', 'host', calls, shell, ['veth(4)', 'ip-link(8)'])
}

/** The step `network.address`, in the container: its end gets addresses, is switched on, and leads out. */
export function planAddress({ name, addresses, gateways }: Endpoint): Step {
  const index = { ref: `network.link.${name}` }
  const calls: Call[] = [
    openSocketCall(INSIDE),
    ...askIndexCalls(INSIDE, getLink(name), index.ref),
    ...addresses.flatMap((address) => requestCalls(INSIDE, newAddress({ index, address }))),
    ...requestCalls(INSIDE, setLink(index, { up: true })),
    ...gateways.flatMap(({ version, address }) => requestCalls(INSIDE, newRoute({ version, gateway: address, index }))),
  ]
  const shell = [
    ...addresses.map((address) => `ip addr add ${formatCidr(address)} dev ${name}`),
    `ip link set ${name} up`,
    ...gateways.map(({ version, address }) => `ip -${version} route add default via ${address} dev ${name}`),
  ]
  return step('network.address', 'container', calls, shell, ['ip-address(8)', 'ip-route(8)'])
}

const HOST = 'network.host'
const INSIDE = 'network.inside'

/** In the script, the container's process is known by a variable. */
function shellPid(pid: number | Ref): string {
  return typeof pid === 'number' ? String(pid) : '"$PID"'
}

function step(id: string, where: Step['where'], calls: Call[], shell: string[], man: string[]): Step {
  return { id, stage: 'network', where, calls, shell, man }
}
