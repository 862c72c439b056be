/** Values → the bytes of a netlink message. What only an earlier call will tell (a process, an interface) is left open and filled in later. */
import type { Filled, Ref } from '@mini-docker/syscall'
import { parseAddress } from '../address/address.ts'
import { NLM_F_ACK, NLM_F_REQUEST } from './numbers.ts'
import { MESSAGES, type Attributes, type Header, type Kind, type Messages } from './schema.ts'

export type Value = number | string | Uint8Array | Ref | Fields | readonly Fields[] | undefined
/** Attributes by name. A `header` belongs to nested attributes that have one (the peer of a veth). Undefined ones are left out. */
export type Fields = { readonly [name: string]: Value }

export type MessageRequest = {
  type: number
  /** Beside NLM_F_REQUEST. Default NLM_F_ACK. */
  flags?: number
  header: Readonly<Record<string, number | Ref>>
  attributes: Fields
}

type Fill = Filled['fill']
type Piece = { bytes: Buffer; fill: Fill }

const HEADER_BYTES = 16

/** The message, with sequence number 0. @throws TypeError for a name that the kind of message does not have. */
export function encodeMessage(message: MessageRequest, messages: Messages = MESSAGES): Piece {
  const { type, flags = NLM_F_ACK, header, attributes } = message
  const [, family] = messages[type] ?? unknown(`message ${type}`)
  const body = join([encodeHeader(family.header, header), encodeAttributes(family.attributes, attributes)])
  const start = Buffer.alloc(HEADER_BYTES)
  start.writeUInt32LE(HEADER_BYTES + body.bytes.length, 0)
  start.writeUInt16LE(type, 4)
  start.writeUInt16LE(NLM_F_REQUEST | flags, 6)
  return join([{ bytes: start, fill: [] }, body])
}

function encodeHeader(fields: Header, values: Readonly<Record<string, number | Ref>>): Piece {
  return join(
    fields.map(([name, kind]) => {
      const value = values[name] ?? 0
      return typeof value === 'number' ? { bytes: integer(kind, value), fill: [] } : open(value)
    }),
  )
}

function encodeAttributes(known: Attributes, fields: Fields): Piece {
  return join(
    Object.entries(fields).flatMap(([name, value]) => {
      if (value === undefined || name === 'header') return []
      const [type, declared] = known[name] ?? unknown(`attribute ${name}`)
      const kind = chosen(declared, fields)
      return [attribute(isNest(kind) ? type | NLA_F_NESTED : type, encodeValue(kind, value))]
    }),
  )
}

function chosen(kind: Kind, fields: Fields): Exclude<Kind, { chosenBy: string }> {
  if (typeof kind !== 'object' || !('chosenBy' in kind)) return kind
  const name = fields[kind.chosenBy]
  const nested = typeof name === 'string' ? kind.from[name] : undefined
  return { nested: nested ?? unknown(`such ${kind.chosenBy}`) }
}

/** The bridge takes IFLA_PROTINFO without the flag for something older. */
const NLA_F_NESTED = 0x8000

function isNest(kind: Kind): boolean {
  return typeof kind === 'object' && !('header' in kind)
}

/** Of each attribute in a list: NFTA_LIST_ELEM. */
const LIST_ELEMENT = 1 | NLA_F_NESTED

function encodeValue(kind: Exclude<Kind, { chosenBy: string }>, value: Exclude<Value, undefined>): Piece {
  if (typeof kind === 'object' && 'list' in kind)
    return join((value as Fields[]).map((one) => attribute(LIST_ELEMENT, encodeAttributes(kind.list, one))))
  if (typeof kind === 'object') {
    const fields = value as Fields
    const head =
      kind.header === undefined ? [] : [encodeHeader(kind.header, (fields['header'] ?? {}) as Record<string, number>)]
    return join([...head, encodeAttributes(kind.nested, fields)])
  }
  if (typeof value === 'object' && 'ref' in value) return open(value as Ref)
  if (typeof value === 'number') return { bytes: integer(kind, value), fill: [] }
  return { bytes: bytesOf(kind, value as string | Uint8Array), fill: [] }
}

function bytesOf(kind: Kind, value: string | Uint8Array): Buffer {
  if (typeof value !== 'string') return Buffer.from(value)
  if (kind === 'ip') return parseAddress(value).bytes
  if (kind === 'mac') return Buffer.from(value.replaceAll(':', ''), 'hex')
  return Buffer.from(`${value}\0`)
}

function integer(kind: Kind, value: number): Buffer {
  const bytes = Buffer.alloc(kind === 'u8' ? 1 : kind === 'u16' ? 2 : 4)
  if (kind === 'net32') bytes.writeUInt32BE(value >>> 0)
  else bytes.writeUIntLE(value >>> 0, 0, bytes.length)
  return bytes
}

/** Four bytes that the launcher fills in. */
function open({ ref }: Ref): Piece {
  return { bytes: Buffer.alloc(4), fill: [{ at: 0, ref }] }
}

function attribute(type: number, { bytes, fill }: Piece): Piece {
  const head = Buffer.alloc(4)
  head.writeUInt16LE(4 + bytes.length, 0)
  head.writeUInt16LE(type, 2)
  const padding = Buffer.alloc((4 - (bytes.length % 4)) % 4)
  return join([
    { bytes: head, fill: [] },
    { bytes, fill },
    { bytes: padding, fill: [] },
  ])
}

function join(pieces: readonly Piece[]): Piece {
  let at = 0
  const fill: Fill = []
  for (const piece of pieces) {
    fill.push(...piece.fill.map((one) => ({ ...one, at: one.at + at })))
    at += piece.bytes.length
  }
  return { bytes: Buffer.concat(pieces.map(({ bytes }) => bytes)), fill }
}

function unknown(what: string): never {
  throw new TypeError(`rtnetlink has no ${what}`)
}
