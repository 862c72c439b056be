/**
 * Published ports as elements of our maps, past nft: its program needs milliseconds to start and to read the whole ruleset, the kernel microseconds for an
 * element. A key or a value of several parts has each in front of zeros, up to a multiple of four bytes:
 *
 *   tcp . 8080 : 172.17.0.2 . 80    06 00 00 00 │ 1f 90 00 00  →  ac 11 00 02 │ 00 50 00 00
 */
import { formatAddress } from '../address/address.ts'
import { decodeMessage, type Decoded, type DecodedFields } from '../rtnetlink/decode.ts'
import { NLM_F_CREATE } from '../rtnetlink/numbers.ts'
import type { PortElement } from '../nft/ports.ts'
import { tableName } from '../nft/state.ts'
import { nftMessage, type NftMessage } from './batch.ts'
import { NFPROTO_INET, NFT_MESSAGES, NFT_MSG_DELSETELEM, NFT_MSG_NEWSETELEM } from './schema.ts'

const PROTOCOLS = { tcp: 6, udp: 17, sctp: 132 } as const

/** One message for each map. An element that is there already, the same, is no error. */
export function elementMessages(
  verb: 'add' | 'delete',
  owner: string | undefined,
  elements: readonly PortElement[],
): NftMessage[] {
  return [...Map.groupBy(elements, ({ map }) => map)].map(([map, ofMap]) => {
    const attributes = {
      NFTA_SET_ELEM_LIST_TABLE: tableName(owner),
      NFTA_SET_ELEM_LIST_SET: map,
      NFTA_SET_ELEM_LIST_ELEMENTS: ofMap.map((element) => ({
        NFTA_SET_ELEM_KEY: { NFTA_DATA_VALUE: keyOf(element) },
        NFTA_SET_ELEM_DATA: { NFTA_DATA_VALUE: padded(element.address, portBytes(element.port)) },
      })),
    }
    const [type, flags] = verb === 'add' ? [NFT_MSG_NEWSETELEM, NLM_F_CREATE] : [NFT_MSG_DELSETELEM, 0]
    return nftMessage({ type, flags, header: { family: NFPROTO_INET }, attributes }, describeElements)
  })
}

/** `{NFT_MSG_NEWSETELEM, inet mini-docker, ports4, tcp . 8080 : 172.17.0.2 . 80}`, from the bytes. */
export function describeElements(bytes: Buffer): string {
  const { type, fields } = decodeMessage(bytes, NFT_MESSAGES)
  const map = textOf(fields['NFTA_SET_ELEM_LIST_SET'])
  const list = fields['NFTA_SET_ELEM_LIST_ELEMENTS']
  const texts = (Array.isArray(list) ? list : []).map((element) => elementText(map, element))
  const table = `inet ${textOf(fields['NFTA_SET_ELEM_LIST_TABLE'])}`
  return `{${[NFT_MESSAGES[type]?.[0], table, map, ...texts].join(', ')}}`
}

function textOf(value: Decoded | undefined): string {
  return typeof value === 'string' ? value : ''
}

function elementText(map: string, { NFTA_SET_ELEM_KEY, NFTA_SET_ELEM_DATA }: DecodedFields): string {
  const key = valueOf(NFTA_SET_ELEM_KEY)
  const value = valueOf(NFTA_SET_ELEM_DATA)
  const width = map.startsWith('ports4') ? 4 : 16
  const at = map.endsWith('_at') ? width : 0
  const host = at === 0 ? [] : [formatAddress(key.subarray(0, width))]
  const protocol = Object.entries(PROTOCOLS).find(([, number]) => number === key[at])?.[0] ?? key[at]
  const container = `${formatAddress(value.subarray(0, width))} . ${value.readUInt16BE(width)}`
  return `${[...host, protocol, key.readUInt16BE(at + 4)].join(' . ')} : ${container}`
}

function valueOf(decoded: Decoded | undefined): Buffer {
  const value = (decoded as DecodedFields | undefined)?.['NFTA_DATA_VALUE']
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0)
}

function keyOf({ hostAddress, protocol, hostPort }: PortElement): Buffer {
  const service = [Buffer.from([PROTOCOLS[protocol]]), portBytes(hostPort)]
  return padded(...(hostAddress === undefined ? [] : [hostAddress]), ...service)
}

function portBytes(port: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(port)
  return bytes
}

function padded(...parts: readonly Buffer[]): Buffer {
  return Buffer.concat(parts.flatMap((part) => [part, Buffer.alloc((4 - (part.length % 4)) % 4)]))
}
