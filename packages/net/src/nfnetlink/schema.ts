/**
 * What we send to nf_tables by ourselves, as a table: linux/netfilter/nf_tables.h, linux/netfilter/nfnetlink.h. It is little on purpose: elements of maps,
 * and the four rules in front of a DNS server. All else is nft's to compile.
 *
 *   nlmsghdr 16 bytes │ nfgenmsg: u8 family, u8 version, u16 resource │ attributes, numbers in network byte order
 */
import type { Attributes, Header, Messages } from '../rtnetlink/schema.ts'

export const NFNL_SUBSYS_NFTABLES = 10

const message = (number: number): number => (NFNL_SUBSYS_NFTABLES << 8) | number
export const NFT_MSG_NEWTABLE = message(0)
export const NFT_MSG_DELTABLE = message(2)
export const NFT_MSG_NEWCHAIN = message(3)
export const NFT_MSG_NEWRULE = message(6)
export const NFT_MSG_NEWSETELEM = message(12)
export const NFT_MSG_DELSETELEM = message(14)

/** nfgenmsg's family. */
export const NFPROTO_INET = 1
export const NFPROTO_IPV4 = 2

const NFGENMSG: Header = [
  ['family', 'u8'],
  ['pad', 'u8'],
  ['pad2', 'u16'],
]

const VALUE: Attributes = { NFTA_DATA_VALUE: [1, 'bytes'] }

/** What a rule does, one expression after the other, on registers: the virtual machine's instructions. */
const EXPRESSIONS: Readonly<Record<string, Attributes>> = {
  payload: {
    NFTA_PAYLOAD_DREG: [1, 'net32'],
    NFTA_PAYLOAD_BASE: [2, 'net32'],
    NFTA_PAYLOAD_OFFSET: [3, 'net32'],
    NFTA_PAYLOAD_LEN: [4, 'net32'],
    NFTA_PAYLOAD_SREG: [5, 'net32'],
    NFTA_PAYLOAD_CSUM_TYPE: [6, 'net32'],
    NFTA_PAYLOAD_CSUM_OFFSET: [7, 'net32'],
  },
  meta: { NFTA_META_DREG: [1, 'net32'], NFTA_META_KEY: [2, 'net32'] },
  cmp: { NFTA_CMP_SREG: [1, 'net32'], NFTA_CMP_OP: [2, 'net32'], NFTA_CMP_DATA: [3, { nested: VALUE }] },
  immediate: { NFTA_IMMEDIATE_DREG: [1, 'net32'], NFTA_IMMEDIATE_DATA: [2, { nested: VALUE }] },
}

const EXPRESSION: Attributes = {
  NFTA_EXPR_NAME: [1, 'text'],
  NFTA_EXPR_DATA: [2, { chosenBy: 'NFTA_EXPR_NAME', from: EXPRESSIONS }],
}

const ELEMENT: Attributes = {
  NFTA_SET_ELEM_KEY: [1, { nested: VALUE }],
  NFTA_SET_ELEM_DATA: [2, { nested: VALUE }],
}

const TABLE = { header: NFGENMSG, attributes: { NFTA_TABLE_NAME: [1, 'text'] } } as const

const CHAIN = {
  header: NFGENMSG,
  attributes: {
    NFTA_CHAIN_TABLE: [1, 'text'],
    NFTA_CHAIN_NAME: [3, 'text'],
    NFTA_CHAIN_HOOK: [4, { nested: { NFTA_HOOK_HOOKNUM: [1, 'net32'], NFTA_HOOK_PRIORITY: [2, 'net32'] } }],
    NFTA_CHAIN_POLICY: [5, 'net32'],
    NFTA_CHAIN_TYPE: [7, 'text'],
  },
} as const

const RULE = {
  header: NFGENMSG,
  attributes: {
    NFTA_RULE_TABLE: [1, 'text'],
    NFTA_RULE_CHAIN: [2, 'text'],
    NFTA_RULE_EXPRESSIONS: [4, { list: EXPRESSION }],
  },
} as const

const ELEMENTS = {
  header: NFGENMSG,
  attributes: {
    NFTA_SET_ELEM_LIST_TABLE: [1, 'text'],
    NFTA_SET_ELEM_LIST_SET: [2, 'text'],
    NFTA_SET_ELEM_LIST_ELEMENTS: [3, { list: ELEMENT }],
  },
} as const

export const NFT_MESSAGES: Messages = {
  [NFT_MSG_NEWTABLE]: ['NFT_MSG_NEWTABLE', TABLE],
  [NFT_MSG_DELTABLE]: ['NFT_MSG_DELTABLE', TABLE],
  [NFT_MSG_NEWCHAIN]: ['NFT_MSG_NEWCHAIN', CHAIN],
  [NFT_MSG_NEWRULE]: ['NFT_MSG_NEWRULE', RULE],
  [NFT_MSG_NEWSETELEM]: ['NFT_MSG_NEWSETELEM', ELEMENTS],
  [NFT_MSG_DELSETELEM]: ['NFT_MSG_DELSETELEM', ELEMENTS],
}
