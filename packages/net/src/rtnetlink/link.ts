/** Network interfaces: RTM_NEWLINK, RTM_SETLINK, RTM_DELLINK, RTM_GETLINK. See rtnetlink(7), ip-link(8), veth(4). */
import { UserError, type Ref } from '@mini-docker/syscall'
import type { Fields } from './encode.ts'
import {
  AF_BRIDGE,
  AF_UNSPEC,
  IFF_UP,
  MACVLAN_MODES,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  RTM_DELLINK,
  RTM_GETLINK,
  RTM_NEWLINK,
  RTM_SETLINK,
} from './numbers.ts'
import { request, type Request } from './request.ts'

/** Where a link is put: the network namespace of a process, or of an open descriptor. */
export type Namespace = { pid: number | Ref } | { fd: number | Ref }

type Common = {
  name: string
  /** Upper-case or lower-case hexadecimal with colons. */
  mac?: string
  mtu?: number
  up?: boolean
  /** The index of the bridge it is a port of. */
  master?: number | Ref
  namespace?: Namespace
  /** Any text of less than 256 bytes, which `ip link` shows. The kernel takes none while it makes a link: see `newOwnedLink`. */
  alias?: string
}

export type NewLink = Common &
  (
    | { kind: 'bridge' }
    | { kind: 'dummy' }
    /** The other end is born in a namespace of its own, already named. */
    | { kind: 'veth'; peer: { name: string; mac?: string; mtu?: number; namespace?: Namespace } }
    | { kind: 'macvlan'; parent: number | Ref; mode: MacvlanMode }
    /** What has this tag (1 to 4094) on the parent; it comes in and goes out here without it. */
    | { kind: 'vlan'; parent: number | Ref; id: number }
  )

export type MacvlanMode = keyof typeof MACVLAN_MODES

/** IFNAMSIZ with its NUL. */
const NAME_MAX = 15

/**
 * Makes a link. The kernel refuses a name that is taken (EEXIST); with `adopt` a link of that name and kind is taken as it is and changed, and
 * one of another kind is refused (EOPNOTSUPP). Needs CAP_NET_ADMIN in its namespaces.
 */
export function newLink(link: NewLink, adopt: 'adopt' | 'new' = 'new'): Request {
  return request({
    type: RTM_NEWLINK,
    flags: NLM_F_ACK | NLM_F_CREATE | (adopt === 'adopt' ? 0 : NLM_F_EXCL),
    header: { family: AF_UNSPEC, ...upFlags(link.up) },
    attributes: {
      IFLA_IFNAME: checkName(link.name),
      IFLA_ADDRESS: link.mac,
      IFLA_MTU: link.mtu,
      IFLA_MASTER: link.master,
      IFLA_IFALIAS: link.alias,
      ...namespaceFields(link.namespace),
      IFLA_LINK: 'parent' in link ? link.parent : undefined,
      IFLA_LINKINFO: { IFLA_INFO_KIND: link.kind, IFLA_INFO_DATA: driverData(link) },
    },
  })
}

/**
 * Makes a link, or takes one of that name and kind, with its alias: the same message twice, to be sent together. The first one makes the link, and
 * the kernel leaves the alias out; the second finds it there, and is a change. Nobody who is killed leaves a link that does not say whose it is.
 */
export function newOwnedLink(link: NewLink & { alias: string }): Request[] {
  return [newLink(link, 'adopt'), newLink(link, 'adopt')]
}

/** Changes a link, found by index or name. `rename` gives it another name, and needs the index. */
export function setLink(
  which: number | string | Ref,
  change: Partial<Omit<Common, 'name'>> & { rename?: string },
): Request {
  if (change.rename !== undefined && typeof which === 'string') throw new TypeError(`rename ${which}: by index only`)
  return request({
    type: RTM_SETLINK,
    header: { family: AF_UNSPEC, ...indexOf(which), ...upFlags(change.up) },
    attributes: {
      IFLA_IFNAME: change.rename === undefined ? nameIn(which) : checkName(change.rename),
      IFLA_IFALIAS: change.alias,
      IFLA_ADDRESS: change.mac,
      IFLA_MTU: change.mtu,
      IFLA_MASTER: change.master,
      ...namespaceFields(change.namespace),
    },
  })
}

/** Lets a bridge send a frame back out of the port it came in by: a container that speaks to its own published port. */
export function setHairpin(port: number | Ref, on: boolean): Request {
  return setPort(port, { IFLA_BRPORT_MODE: on ? 1 : 0 })
}

/** Isolated ports of a bridge do not hear each other, only the bridge itself and ports that are not isolated. Linux 4.18. */
export function setIsolated(port: number | Ref, on: boolean): Request {
  return setPort(port, { IFLA_BRPORT_ISOLATED: on ? 1 : 0 })
}

function setPort(port: number | Ref, settings: Fields): Request {
  return request({
    type: RTM_SETLINK,
    header: { family: AF_BRIDGE, index: port },
    attributes: { IFLA_PROTINFO: settings },
  })
}

/** Removes a link; of a veth pair, both ends go. */
export function deleteLink(which: number | string | Ref): Request {
  return request({
    type: RTM_DELLINK,
    header: { family: AF_UNSPEC, ...indexOf(which) },
    attributes: { IFLA_IFNAME: nameIn(which) },
  })
}

/** Asks for one link; the answer is the link, without an acknowledgement. */
export function getLink(name: string): Request {
  return request({ type: RTM_GETLINK, flags: 0, header: { family: AF_UNSPEC }, attributes: { IFLA_IFNAME: name } })
}

/** Asks for all links of the namespace. */
export function dumpLinks(): Request {
  return request({ type: RTM_GETLINK, flags: NLM_F_DUMP, header: { family: AF_UNSPEC }, attributes: {} })
}

/** A name that the kernel takes, and that no tool misreads. @throws UserError `invalid` */
export function checkName(name: string): string {
  if (name !== '' && name !== '.' && name !== '..' && name.length <= NAME_MAX && !/[/:\s\0]/.test(name)) return name
  throw new UserError('invalid', `invalid interface name "${name}"`, {
    hint: `1 to ${NAME_MAX} bytes, without blanks, "/" and ":"`,
  })
}

function driverData(link: NewLink): Fields | undefined {
  if (link.kind === 'macvlan') return { IFLA_MACVLAN_MODE: MACVLAN_MODES[link.mode] }
  if (link.kind === 'vlan') return { IFLA_VLAN_ID: link.id }
  // 0: no waiting of 15 seconds until a new port forwards.
  if (link.kind === 'bridge') return { IFLA_BR_FORWARD_DELAY: 0, IFLA_BR_STP_STATE: 0 }
  if (link.kind !== 'veth') return undefined
  const { name, mac, mtu, namespace } = link.peer
  return {
    VETH_INFO_PEER: {
      IFLA_IFNAME: checkName(name),
      IFLA_ADDRESS: mac,
      IFLA_MTU: mtu,
      ...namespaceFields(namespace),
    },
  }
}

function namespaceFields(namespace: Namespace | undefined): Fields {
  if (namespace === undefined) return {}
  return 'pid' in namespace ? { IFLA_NET_NS_PID: namespace.pid } : { IFLA_NET_NS_FD: namespace.fd }
}

function upFlags(up: boolean | undefined): Record<string, number> {
  return up === undefined ? {} : { flags: up ? IFF_UP : 0, change: IFF_UP }
}

function indexOf(which: number | string | Ref): Record<string, number | Ref> {
  return typeof which === 'string' ? {} : { index: which }
}

function nameIn(which: number | string | Ref): string | undefined {
  return typeof which === 'string' ? which : undefined
}
