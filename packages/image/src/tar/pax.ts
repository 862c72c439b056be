/**
 * pax extended headers: `LENGTH KEY=VALUE\n` records that overrule fields of the header block which is too small for
 * them. POSIX.1-2001 pax; the SCHILY.xattr and GNU.sparse keys are star's and GNU tar's.
 */
import { Buffer } from 'node:buffer'
import { NO_XATTRS, tarError } from './entry.ts'
import { decodeName, showName } from './name.ts'
import type { StoredHeader } from './header.ts'

/** Keys in the order of the archive; a later one overrules an earlier, and an empty value takes the key back. */
export type PaxRecord = readonly [key: string, value: Buffer]

/** @throws UserError where a record's length, `=` or newline is not where it must be. */
export function parsePax(bytes: Buffer, position: number): PaxRecord[] {
  const records: PaxRecord[] = []
  let start = 0
  while (start < bytes.length) {
    // Some writers fill the rest with NUL bytes and count them.
    if (bytes[start] === 0 && bytes.subarray(start).every((byte) => byte === 0)) break
    const space = bytes.indexOf(0x20, start)
    const length = space < 0 || space - start > 8 ? 0 : decimal(bytes.toString('latin1', start, space))
    const end = start + length
    const equals = bytes.indexOf(0x3d, space)
    if (length === 0 || end > bytes.length || bytes[end - 1] !== 0x0a || equals < space + 2 || equals >= end - 1) {
      throw tarError(`malformed pax record ${showName(bytes.toString('latin1', start, start + 40))}`, position)
    }
    records.push([decodeName(bytes, space + 1, equals), Buffer.from(bytes.subarray(equals + 1, end - 1))])
    start = end
  }
  return records
}

function decimal(digits: string): number {
  return /^[1-9][0-9]*$/.test(digits) ? Number(digits) : 0
}

/** One record as it stands in an archive: its length counts its own digits too. */
export function formatPaxRecord(key: string, value: Uint8Array | string): Buffer {
  const body = Buffer.concat([Buffer.from(` ${key}=`), typeof value === 'string' ? Buffer.from(value) : value])
  let length = body.length + 1
  for (let digits = 1; ; digits++) {
    if (String(body.length + 1 + digits).length === digits) {
      length += digits
      break
    }
  }
  return Buffer.concat([Buffer.from(String(length)), body, Buffer.from('\n')])
}

/** Lets the records overrule the header. Keys that say nothing about the file (`comment`, ctime, vendors') are passed over. */
export function applyPax(header: StoredHeader, records: readonly PaxRecord[], position: number): void {
  let xattrs: Map<string, Uint8Array> | undefined
  for (const [key, value] of records) {
    if (key.startsWith(XATTR)) {
      xattrs ??= new Map()
      xattrs.set(decodeKeyword(key.slice(XATTR.length)), value)
      continue
    }
    if (value.length === 0) continue
    switch (key) {
      case 'path':
        header.path = text(key, value, position)
        break
      case 'linkpath':
        header.linkname = text(key, value, position)
        break
      case 'uname':
        header.uname = text(key, value, position)
        break
      case 'gname':
        header.gname = text(key, value, position)
        break
      case 'uid':
      case 'gid':
        header[key] = integer(key, value, position)
        break
      case 'size':
        header.storedSize = integer(key, value, position)
        break
      case 'mtime':
        header.mtimeNs = time(key, value, position)
        break
      case 'atime':
        header.atimeNs = time(key, value, position)
        break
      default:
        if (key.startsWith('GNU.sparse.')) (header.gnuSparse ??= []).push([key.slice(11), value])
    }
  }
  header.xattrs = xattrs ?? NO_XATTRS
}

const XATTR = 'SCHILY.xattr.'

/** GNU tar writes `%` and `=` in attribute names as %25 and %3D. */
function decodeKeyword(name: string): string {
  return name.includes('%') ? name.replaceAll('%3D', '=').replaceAll('%25', '%') : name
}

/** The other direction of the same habit. */
export function encodeKeyword(name: string): string {
  return name.replaceAll('%', '%25').replaceAll('=', '%3D')
}

/** A pax value that must be text without NUL: names end at NUL in the kernel, so two readers could disagree. */
export function text(key: string, value: Buffer, position: number): string {
  if (value.includes(0)) throw tarError(`the pax ${key} holds a NUL byte`, position)
  return decodeName(value)
}

/** A pax value that must be a decimal number from 0 to 2⁵³ − 1. */
export function integer(key: string, value: Buffer, position: number): number {
  const digits = value.toString('latin1', 0, 20)
  const number = Number(digits)
  if (!/^[0-9]+$/.test(digits) || !Number.isSafeInteger(number)) {
    throw tarError(`the pax ${key} ${showName(digits)} is no number that can be used`, position)
  }
  return number
}

/** Seconds with an optional fraction, as nanoseconds; finer digits are cut off towards the past. */
function time(key: string, value: Buffer, position: number): bigint {
  const match = /^(-?)([0-9]{1,15})(?:\.([0-9]*))?$/.exec(value.toString('latin1', 0, 64))
  if (match === null) throw tarError(`the pax ${key} ${showName(value.toString('latin1', 0, 64))} is no time`, position)
  const [, sign, seconds, fraction = ''] = match
  const ns = BigInt(seconds ?? '0') * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'))
  if (sign !== '-') return ns
  return /[1-9]/.test(fraction.slice(9)) ? -ns - 1n : -ns
}
