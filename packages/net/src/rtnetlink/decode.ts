/** The bytes of netlink messages → values, and their text in a trace: `{RTM_NEWLINK, index=4, IFLA_IFNAME="eth0", …}`. */
import type { Filled } from '@mini-docker/syscall'
import { formatAddress } from '../address/address.ts'
import { MESSAGES, type Attributes, type Header, type Kind, type Messages } from './schema.ts'

export type Decoded = number | string | Buffer | DecodedFields | DecodedFields[]
export type DecodedFields = { [name: string]: Decoded }
export type DecodedMessage = { type: number; flags: number; sequence: number; fields: DecodedFields; payload: Buffer }

/** The messages that one recv(2) brought. A cut-off one at the end is left out. */
export function decodeMessages(bytes: Buffer): DecodedMessage[] {
  const messages: DecodedMessage[] = []
  for (let at = 0; at + 16 <= bytes.length;) {
    const length = bytes.readUInt32LE(at)
    if (length < 16 || at + length > bytes.length) break
    messages.push(decodeMessage(bytes.subarray(at, at + length)))
    at += (length + 3) & ~3
  }
  return messages
}

/** One message; of a kind that the table does not know, `fields` is empty and `payload` has all. */
export function decodeMessage(bytes: Buffer, messages: Messages = MESSAGES): DecodedMessage {
  const type = bytes.readUInt16LE(4)
  const family = messages[type]?.[1]
  const payload = bytes.subarray(16)
  const head = { type, flags: bytes.readUInt16LE(6), sequence: bytes.readUInt32LE(8), payload }
  if (family === undefined) return { ...head, fields: {} }
  const size = sizeOf(family.header)
  return {
    ...head,
    fields: { ...decodeHeader(family.header, payload), ...decodeAttributes(family.attributes, payload.subarray(size)) },
  }
}

/** The driver of a link: `bridge`, `veth`; undefined for `lo` and cables. */
export function linkKind({ IFLA_LINKINFO: info }: DecodedFields): string | undefined {
  const nested = typeof info === 'object' && !Buffer.isBuffer(info) && !Array.isArray(info)
  const kind = nested ? info['IFLA_INFO_KIND'] : undefined
  return typeof kind === 'string' ? kind : undefined
}

/** A request as a trace shows it; what is filled in later stands as `<name>`. */
export function describeMessage(
  { bytes, fill }: Pick<Filled, 'bytes' | 'fill'>,
  messages: Messages = MESSAGES,
): string {
  const marked = Buffer.from(bytes)
  // A number that no interface and no process has, to be found again in the text.
  fill.forEach(({ at }, i) => marked.writeUInt32LE(MARK + i, at))
  const { type, fields } = decodeMessage(marked, messages)
  const text = [messages[type]?.[0] ?? `message ${type}`, ...shown(fields)].join(', ')
  return `{${fill.reduce((all, { ref }, i) => all.replace(String(MARK + i), `<${ref}>`), text)}}`
}

const MARK = 4_200_000_000

function shown(fields: DecodedFields): string[] {
  return Object.entries(fields)
    .filter(([, value]) => value !== 0)
    .map(([name, value]) => `${name}=${showValue(value)}`)
}

function showValue(value: Decoded): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value)) return `[${value.map(showValue).join(', ')}]`
  return Buffer.isBuffer(value) ? `[${value.length} bytes]` : `{${shown(value).join(', ')}}`
}

function decodeHeader(header: Header, bytes: Buffer): DecodedFields {
  const fields: DecodedFields = {}
  let at = 0
  for (const [name, kind] of header) {
    const width = WIDTH[kind]
    if (at + width > bytes.length) break
    if (!name.startsWith('pad')) fields[name] = bytes.readUIntLE(at, width)
    at += width
  }
  return fields
}

const WIDTH = { u8: 1, u16: 2, u32: 4 }

function sizeOf(header: Header): number {
  return header.reduce((sum, [, kind]) => sum + WIDTH[kind], 0)
}

/** The attributes that the table knows; the kernel sends dozens more. NLA_F_NESTED and NLA_F_NET_BYTEORDER are no part of the type. */
function decodeAttributes(known: Attributes, bytes: Buffer): DecodedFields {
  const byType = new Map(Object.entries(known).map(([name, [type, kind]]) => [type, { name, kind }]))
  const fields: DecodedFields = {}
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = bytes.readUInt16LE(at)
    if (length < 4 || at + length > bytes.length) break
    const found = byType.get(bytes.readUInt16LE(at + 2) & 0x3fff)
    const value = bytes.subarray(at + 4, at + length)
    if (found !== undefined) fields[found.name] = decodeValue(chosen(found.kind, fields), value)
    at += (length + 3) & ~3
  }
  return fields
}

/** The one that chooses comes first, in what the kernel sends as in what we do. */
function chosen(kind: Kind, fields: DecodedFields): Exclude<Kind, { chosenBy: string }> {
  if (typeof kind !== 'object' || !('chosenBy' in kind)) return kind
  const name = fields[kind.chosenBy]
  const nested = typeof name === 'string' ? kind.from[name] : undefined
  return nested === undefined ? 'bytes' : { nested }
}

function decodeList(known: Attributes, bytes: Buffer): DecodedFields[] {
  const list: DecodedFields[] = []
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = bytes.readUInt16LE(at)
    if (length < 4 || at + length > bytes.length) break
    list.push(decodeAttributes(known, bytes.subarray(at + 4, at + length)))
    at += (length + 3) & ~3
  }
  return list
}

function decodeValue(kind: Exclude<Kind, { chosenBy: string }>, value: Buffer): Decoded {
  if (typeof kind === 'object' && 'list' in kind) return decodeList(kind.list, value)
  if (typeof kind === 'object') {
    if (kind.header === undefined) return decodeAttributes(kind.nested, value)
    const inner = decodeAttributes(kind.nested, value.subarray(sizeOf(kind.header)))
    return { ...decodeHeader(kind.header, value), ...inner }
  }
  switch (kind) {
    case 'u8':
    case 'u16':
    case 'u32':
      return value.length >= WIDTH[kind] ? value.readUIntLE(0, WIDTH[kind]) : value
    case 'net32':
      return value.length >= 4 ? value.readUInt32BE(0) : value
    case 'text':
      return value.toString('utf8').replace(/\0+$/, '')
    case 'ip':
      return value.length === 4 || value.length === 16 ? formatAddress(value) : value
    case 'mac':
      return value.length === 6 ? (value.toString('hex').match(/../g) ?? []).join(':') : value
    default:
      return value
  }
}
