/**
 * What the messages of rtnetlink(7) look like, as a table: each kind has a fixed header and a list of attributes (length, type, value),
 * some of which hold attributes themselves. The encoder and the decoder both read it, so that a trace shows what was really sent.
 *
 *   nlmsghdr 16 bytes │ ifinfomsg, ifaddrmsg, rtmsg or ndmsg │ attributes: u16 length, u16 type, value, padded to 4 bytes
 */
import {
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_DELNEIGH,
  RTM_DELROUTE,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_GETNEIGH,
  RTM_GETROUTE,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWNEIGH,
  RTM_NEWROUTE,
  RTM_SETLINK,
} from './numbers.ts'

/**
 * `net32` is a number in network byte order, as netfilter has them; `ip` an address of 4 or 16 bytes, `mac` one of 6; `bytes` is left as it is. A `list`
 * holds attributes of one shape, all of type 1. What is `chosenBy` another attribute beside it is shaped as that one's value says.
 */
export type Kind =
  | 'u8'
  | 'u16'
  | 'u32'
  | 'net32'
  | 'text'
  | 'ip'
  | 'mac'
  | 'bytes'
  | { nested: Attributes; header?: Header }
  | { list: Attributes }
  | { chosenBy: string; from: Readonly<Record<string, Attributes>> }
export type Attributes = Readonly<Record<string, readonly [type: number, kind: Kind]>>
/** Fields in their order; `pad…` ones are zero and never shown. */
export type Header = readonly (readonly [name: string, kind: 'u8' | 'u16' | 'u32'])[]
export type Family = { header: Header; attributes: Attributes }

const IFINFOMSG: Header = [
  ['family', 'u8'],
  ['pad', 'u8'],
  ['type', 'u16'],
  ['index', 'u32'],
  ['flags', 'u32'],
  ['change', 'u32'],
]

const PEER_ATTRIBUTES: Attributes = {
  IFLA_ADDRESS: [1, 'mac'],
  IFLA_IFNAME: [3, 'text'],
  IFLA_MTU: [4, 'u32'],
  IFLA_NET_NS_PID: [19, 'u32'],
  IFLA_NET_NS_FD: [28, 'u32'],
}

export const VETH_DATA: Attributes = { VETH_INFO_PEER: [1, { nested: PEER_ATTRIBUTES, header: IFINFOMSG }] }
export const MACVLAN_DATA: Attributes = { IFLA_MACVLAN_MODE: [1, 'u32'] }
export const VLAN_DATA: Attributes = { IFLA_VLAN_ID: [1, 'u16'] }
export const BRIDGE_DATA: Attributes = { IFLA_BR_FORWARD_DELAY: [1, 'u32'], IFLA_BR_STP_STATE: [5, 'u32'] }

/** The data of a link's driver. */
const DRIVER_DATA: Readonly<Record<string, Attributes>> = {
  veth: VETH_DATA,
  macvlan: MACVLAN_DATA,
  vlan: VLAN_DATA,
  bridge: BRIDGE_DATA,
}

const INFO: Attributes = {
  IFLA_INFO_KIND: [1, 'text'],
  IFLA_INFO_DATA: [2, { chosenBy: 'IFLA_INFO_KIND', from: DRIVER_DATA }],
}

export const LINK: Family = {
  header: IFINFOMSG,
  attributes: {
    ...PEER_ATTRIBUTES,
    IFLA_BROADCAST: [2, 'mac'],
    IFLA_LINK: [5, 'u32'],
    IFLA_MASTER: [10, 'u32'],
    IFLA_OPERSTATE: [16, 'u8'],
    IFLA_LINKINFO: [18, { nested: INFO }],
    IFLA_IFALIAS: [20, 'text'],
    IFLA_LINK_NETNSID: [37, 'u32'],
    IFLA_PROTINFO: [12, { nested: { IFLA_BRPORT_MODE: [4, 'u8'], IFLA_BRPORT_ISOLATED: [33, 'u8'] } }],
  },
}

export const ADDRESS: Family = {
  header: [
    ['family', 'u8'],
    ['prefixlen', 'u8'],
    ['flags', 'u8'],
    ['scope', 'u8'],
    ['index', 'u32'],
  ],
  attributes: {
    IFA_ADDRESS: [1, 'ip'],
    IFA_LOCAL: [2, 'ip'],
    IFA_LABEL: [3, 'text'],
    IFA_BROADCAST: [4, 'ip'],
    IFA_FLAGS: [8, 'u32'],
  },
}

export const ROUTE: Family = {
  header: [
    ['family', 'u8'],
    ['dst_len', 'u8'],
    ['src_len', 'u8'],
    ['tos', 'u8'],
    ['table', 'u8'],
    ['protocol', 'u8'],
    ['scope', 'u8'],
    ['type', 'u8'],
    ['flags', 'u32'],
  ],
  attributes: {
    RTA_DST: [1, 'ip'],
    RTA_OIF: [4, 'u32'],
    RTA_GATEWAY: [5, 'ip'],
    RTA_PRIORITY: [6, 'u32'],
    RTA_PREFSRC: [7, 'ip'],
    RTA_TABLE: [15, 'u32'],
  },
}

export const NEIGHBOUR: Family = {
  header: [
    ['family', 'u8'],
    ['pad', 'u8'],
    ['pad2', 'u16'],
    ['index', 'u32'],
    ['state', 'u16'],
    ['flags', 'u8'],
    ['type', 'u8'],
  ],
  attributes: { NDA_DST: [1, 'ip'], NDA_LLADDR: [2, 'mac'] },
}

/** Name and shape of each kind of message, by its number. */
export type Messages = Readonly<Record<number, readonly [name: string, family: Family]>>

export const MESSAGES: Messages = {
  [RTM_NEWLINK]: ['RTM_NEWLINK', LINK],
  [RTM_DELLINK]: ['RTM_DELLINK', LINK],
  [RTM_GETLINK]: ['RTM_GETLINK', LINK],
  [RTM_SETLINK]: ['RTM_SETLINK', LINK],
  [RTM_NEWADDR]: ['RTM_NEWADDR', ADDRESS],
  [RTM_DELADDR]: ['RTM_DELADDR', ADDRESS],
  [RTM_GETADDR]: ['RTM_GETADDR', ADDRESS],
  [RTM_NEWROUTE]: ['RTM_NEWROUTE', ROUTE],
  [RTM_DELROUTE]: ['RTM_DELROUTE', ROUTE],
  [RTM_GETROUTE]: ['RTM_GETROUTE', ROUTE],
  [RTM_NEWNEIGH]: ['RTM_NEWNEIGH', NEIGHBOUR],
  [RTM_DELNEIGH]: ['RTM_DELNEIGH', NEIGHBOUR],
  [RTM_GETNEIGH]: ['RTM_GETNEIGH', NEIGHBOUR],
}
