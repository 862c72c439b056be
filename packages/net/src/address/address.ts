/** Addresses of IPv4 and IPv6 as bytes and as text (RFC 5952). */
import { UserError } from '@mini-docker/syscall'

export type Address = { version: 4 | 6; bytes: Buffer }

/** Parses `172.17.0.2` or `fd00::2`. @throws UserError `invalid` */
export function parseAddress(text: string): Address {
  const four = parseFour(text)
  if (four !== undefined) return { version: 4, bytes: four }
  const six = parseSix(text)
  if (six !== undefined) return { version: 6, bytes: six }
  throw new UserError('invalid', `invalid IP address: ${text.slice(0, 100)}`)
}

/** Undefined where the text is no address. */
export function tryAddress(text: string): Address | undefined {
  const bytes = parseFour(text) ?? parseSix(text)
  return bytes && { version: bytes.length === 4 ? 4 : 6, bytes }
}

/** Four or sixteen bytes as text. */
export function formatAddress(bytes: Uint8Array): string {
  return bytes.length === 4 ? bytes.join('.') : formatSix(Buffer.from(bytes))
}

/** As docker and the kernel: no leading zeros, which some read as octal. */
function parseFour(text: string): Buffer | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  const parts = match?.slice(1)
  if (parts === undefined || parts.some((part) => Number(part) > 255 || (part.length > 1 && part.startsWith('0'))))
    return undefined
  return Buffer.from(parts.map(Number))
}

function parseSix(text: string): Buffer | undefined {
  if (text.length > 45 || !/^[0-9a-fA-F:.]+$/.test(text)) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half) => (half === '' ? [] : groupsOf(half)))
  if (head === undefined || (halves.length === 2 && (tail === undefined || halves[0]!.includes('.')))) return undefined
  const given = head.length + (tail?.length ?? 0)
  if (halves.length === 1 ? given !== 8 : given > 7) return undefined
  const groups = [...head, ...Array.from({ length: 8 - given }, () => 0), ...(tail ?? [])]
  const bytes = Buffer.alloc(16)
  groups.forEach((group, i) => bytes.writeUInt16BE(group, 2 * i))
  return bytes
}

/** `a:b:192.0.2.1` → the 16-bit groups; undefined for anything else. */
function groupsOf(text: string): number[] | undefined {
  const parts = text.split(':')
  const groups: number[] = []
  for (const [i, part] of parts.entries()) {
    if (part.includes('.')) {
      const four = i === parts.length - 1 ? parseFour(part) : undefined
      if (four === undefined) return undefined
      groups.push(four.readUInt16BE(0), four.readUInt16BE(2))
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16))
    else return undefined
  }
  return groups
}

/** The longest run of zero groups, the first of equals, becomes `::`; a single one does not. */
function formatSix(bytes: Buffer): string {
  if (bytes.subarray(0, 10).every((byte) => byte === 0) && bytes.readUInt16BE(10) === 0xffff)
    return `::ffff:${bytes.subarray(12).join('.')}`
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i))
  let best = { at: -1, length: 1 }
  for (let at = 0; at < 8; at++) {
    let length = 0
    while (at + length < 8 && groups[at + length] === 0) length++
    if (length > best.length) best = { at, length }
  }
  const text = (list: number[]): string => list.map((group) => group.toString(16)).join(':')
  if (best.at === -1) return text(groups)
  return `${text(groups.slice(0, best.at))}::${text(groups.slice(best.at + best.length))}`
}
