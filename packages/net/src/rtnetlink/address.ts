/** Addresses of interfaces, routes and neighbours: RTM_NEWADDR, RTM_NEWROUTE, RTM_NEWNEIGH and their kin. See rtnetlink(7), ip-address(8), ip-route(8). */
import type { Ref } from '@mini-docker/syscall'
import { parseAddress } from '../address/address.ts'
import { broadcastOf, networkOf, type Cidr } from '../address/cidr.ts'
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  IFA_F_NODAD,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  NUD_PERMANENT,
  RTM_DELADDR,
  RTM_DELROUTE,
  RTM_GETADDR,
  RTM_GETROUTE,
  RTM_NEWADDR,
  RTM_NEWNEIGH,
  RTM_NEWROUTE,
  RTN_UNICAST,
  RTPROT_BOOT,
  RT_SCOPE_LINK,
  RT_SCOPE_UNIVERSE,
  RT_TABLE_MAIN,
} from './numbers.ts'
import { request, type Request } from './request.ts'

export type InterfaceAddress = { index: number | Ref; address: Cidr }

/** Gives an interface an address. Of IPv6, duplicate detection is left out: our pool knows, and a start need not wait a second for it. */
export function newAddress({ index, address }: InterfaceAddress): Request {
  const { version } = address.address
  return request({
    type: RTM_NEWADDR,
    flags: NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
    header: {
      family: familyOf(version),
      prefixlen: address.prefixLength,
      flags: version === 6 ? IFA_F_NODAD : 0,
      scope: RT_SCOPE_UNIVERSE,
      index,
    },
    attributes: {
      IFA_LOCAL: address.address.bytes,
      IFA_ADDRESS: address.address.bytes,
      IFA_BROADCAST: version === 4 && address.prefixLength < 31 ? broadcastOf(address).bytes : undefined,
    },
  })
}

export function deleteAddress({ index, address }: InterfaceAddress): Request {
  return request({
    type: RTM_DELADDR,
    header: { family: familyOf(address.address.version), prefixlen: address.prefixLength, index },
    attributes: { IFA_LOCAL: address.address.bytes, IFA_ADDRESS: address.address.bytes },
  })
}

/** Asks for the addresses of all interfaces of the namespace. */
export function dumpAddresses(): Request {
  return request({ type: RTM_GETADDR, flags: NLM_F_DUMP, header: { family: AF_UNSPEC }, attributes: {} })
}

/** `to` undefined is the default route. */
export type Route = { to?: Cidr; gateway?: string; index: number | Ref; version: 4 | 6 }

/** A route in the main table, over a gateway or on the link. An equal one is replaced. */
export function newRoute(route: Route): Request {
  return routeMessage(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, route)
}

export function deleteRoute(route: Route): Request {
  return routeMessage(RTM_DELROUTE, NLM_F_ACK, route)
}

/** Asks for the routes of one family, of all tables. */
export function dumpRoutes(version: 4 | 6): Request {
  return request({ type: RTM_GETROUTE, flags: NLM_F_DUMP, header: { family: familyOf(version) }, attributes: {} })
}

/** A neighbour whose hardware address need not be asked for. */
export function newNeighbour({ index, address, mac }: { index: number | Ref; address: string; mac: string }): Request {
  const { version, bytes } = parseAddress(address)
  return request({
    type: RTM_NEWNEIGH,
    flags: NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE,
    header: { family: familyOf(version), index, state: NUD_PERMANENT },
    attributes: { NDA_DST: bytes, NDA_LLADDR: mac },
  })
}

function routeMessage(type: number, flags: number, { to, gateway, index, version }: Route): Request {
  return request({
    type,
    flags,
    header: {
      family: familyOf(version),
      dst_len: to?.prefixLength ?? 0,
      table: RT_TABLE_MAIN,
      protocol: RTPROT_BOOT,
      scope: gateway === undefined ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
      type: RTN_UNICAST,
    },
    attributes: {
      RTA_DST: to && networkOf(to).address.bytes,
      RTA_GATEWAY: gateway === undefined ? undefined : parseAddress(gateway).bytes,
      RTA_OIF: index,
    },
  })
}

function familyOf(version: 4 | 6): number {
  return version === 4 ? AF_INET : AF_INET6
}
