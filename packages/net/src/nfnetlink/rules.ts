/**
 * The few rules that are not nft's to compile: those in front of a container's DNS server, which must be there before its command runs. They write a port over
 * in packets of one address, and are always the same eight instructions of the kernel's virtual machine. nft prints them with `--debug=netlink`.
 */
import { describeMessage } from '../rtnetlink/decode.ts'
import type { Fields } from '../rtnetlink/encode.ts'
import { NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL } from '../rtnetlink/numbers.ts'
import { nftMessage, type NftMessage } from './batch.ts'
import {
  NFPROTO_IPV4,
  NFT_MESSAGES,
  NFT_MSG_DELTABLE,
  NFT_MSG_NEWCHAIN,
  NFT_MSG_NEWRULE,
  NFT_MSG_NEWTABLE,
} from './schema.ts'

/** Where in a packet: a field's place and width in bytes. */
type Place = { base: number; offset: number; bytes: number }

const NETWORK_HEADER = 1
const TRANSPORT_HEADER = 2
/** Of the IPv4 header, and of UDP's and TCP's alike. */
const PLACES = {
  saddr: { base: NETWORK_HEADER, offset: 12, bytes: 4 },
  daddr: { base: NETWORK_HEADER, offset: 16, bytes: 4 },
  sport: { base: TRANSPORT_HEADER, offset: 0, bytes: 2 },
  dport: { base: TRANSPORT_HEADER, offset: 2, bytes: 2 },
} satisfies Record<string, Place>
/** IANA's number, and where the protocol's header has its checksum. */
const PROTOCOLS = { udp: { number: 17, checksumAt: 6 }, tcp: { number: 6, checksumAt: 16 } } as const

/** `ip saddr ADDRESS udp sport FROM udp sport set TO`. */
export type PortRewrite = {
  address: { field: 'saddr' | 'daddr'; bytes: Buffer }
  protocol: keyof typeof PROTOCOLS
  port: { field: 'sport' | 'dport'; from: number; to: number }
}

/**
 * A table of IPv4 that has one chain, on what this network namespace itself sends, before connection tracking. One that is there is replaced with `replace`,
 * and else the batch is refused with EEXIST.
 */
export function rewriteMessages(
  table: string,
  chain: string,
  rewrites: readonly PortRewrite[],
  replace: boolean,
): NftMessage[] {
  const ofTable = (type: number, flags: number): NftMessage => message(type, flags, { NFTA_TABLE_NAME: table })
  return [
    ...(replace ? [ofTable(NFT_MSG_DELTABLE, 0)] : []),
    ofTable(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL),
    message(NFT_MSG_NEWCHAIN, NLM_F_CREATE, {
      NFTA_CHAIN_TABLE: table,
      NFTA_CHAIN_NAME: chain,
      NFTA_CHAIN_TYPE: 'filter',
      NFTA_CHAIN_POLICY: NF_ACCEPT,
      NFTA_CHAIN_HOOK: { NFTA_HOOK_HOOKNUM: NF_INET_LOCAL_OUT, NFTA_HOOK_PRIORITY: NF_IP_PRI_RAW },
    }),
    ...rewrites.map((rewrite) =>
      message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, {
        NFTA_RULE_TABLE: table,
        NFTA_RULE_CHAIN: chain,
        NFTA_RULE_EXPRESSIONS: expressions(rewrite),
      }),
    ),
  ]
}

const NF_ACCEPT = 1
const NF_INET_LOCAL_OUT = 3
const NF_IP_PRI_RAW = -300

function message(type: number, flags: number, attributes: Fields): NftMessage {
  const request = { type, flags, header: { family: NFPROTO_IPV4 }, attributes }
  return nftMessage(request, (bytes) => describeMessage({ bytes, fill: [] }, NFT_MESSAGES))
}

/** All instructions share one register. */
const REGISTER = 1

function expressions({ address, protocol, port }: PortRewrite): Fields[] {
  const { number, checksumAt } = PROTOCOLS[protocol]
  const place = PLACES[port.field]
  return [
    load(PLACES[address.field]),
    isEqual(address.bytes),
    expression('meta', { NFTA_META_KEY: NFT_META_L4PROTO, NFTA_META_DREG: REGISTER }),
    isEqual(Buffer.from([number])),
    load(place),
    isEqual(portBytes(port.from)),
    expression('immediate', {
      NFTA_IMMEDIATE_DREG: REGISTER,
      NFTA_IMMEDIATE_DATA: { NFTA_DATA_VALUE: portBytes(port.to) },
    }),
    expression('payload', {
      NFTA_PAYLOAD_SREG: REGISTER,
      NFTA_PAYLOAD_BASE: place.base,
      NFTA_PAYLOAD_OFFSET: place.offset,
      NFTA_PAYLOAD_LEN: place.bytes,
      NFTA_PAYLOAD_CSUM_TYPE: NFT_PAYLOAD_CSUM_INET,
      NFTA_PAYLOAD_CSUM_OFFSET: checksumAt,
    }),
  ]
}

const NFT_META_L4PROTO = 16
const NFT_PAYLOAD_CSUM_INET = 1
const NFT_CMP_EQ = 0

function load({ base, offset, bytes }: Place): Fields {
  return expression('payload', {
    NFTA_PAYLOAD_DREG: REGISTER,
    NFTA_PAYLOAD_BASE: base,
    NFTA_PAYLOAD_OFFSET: offset,
    NFTA_PAYLOAD_LEN: bytes,
  })
}

function isEqual(bytes: Buffer): Fields {
  return expression('cmp', {
    NFTA_CMP_SREG: REGISTER,
    NFTA_CMP_OP: NFT_CMP_EQ,
    NFTA_CMP_DATA: { NFTA_DATA_VALUE: bytes },
  })
}

function expression(name: string, data: Fields): Fields {
  return { NFTA_EXPR_NAME: name, NFTA_EXPR_DATA: data }
}

function portBytes(port: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(port)
  return bytes
}
