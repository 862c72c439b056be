/** A header as bytes: ustar, with pax records for what ustar cannot express. */
import { Buffer } from 'node:buffer'
import { BLOCK, checksum, octalMax, padding, writeOctal } from './block.ts'
import { tarHeader, type Extent, type TarHeader, type TarType } from './entry.ts'
import { encodeName } from './name.ts'
import { encodeKeyword, formatPaxRecord } from './pax.ts'

const FLAGS: Record<TarType, string> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
}

/** Bytes of the entry's content in the archive: none but of files, and without holes. */
export function storedSize(header: TarHeader): number {
  if (header.type !== 'file') return 0
  return header.sparse === undefined ? header.size : header.sparse.reduce((sum, { length }) => sum + length, 0)
}

/**
 * The blocks that stand before an entry's content: a pax header where ustar cannot say it, the header, the map of a sparse file.
 * `size` is what the header counts as content: map and data.
 */
export function encodeHeader(header: TarHeader): { bytes: Buffer; size: number } {
  const map = header.sparse === undefined ? NONE : formatMap(header.sparse, header.size)
  const size = map.length + storedSize(header)
  const pax = Buffer.concat(paxRecords(header, size))
  const path = header.sparse === undefined ? header.path : sideName(header.path, 'GNUSparseFile.0')
  const main = block({ ...header, path }, size, FLAGS[header.type])
  if (pax.length === 0) return { bytes: map.length === 0 ? main : Buffer.concat([main, map]), size }
  const side = tarHeader({ type: 'file', path: sideName(header.path, 'PaxHeaders'), mtimeNs: header.mtimeNs })
  return {
    bytes: Buffer.concat([block(side, pax.length, 'x'), pax, Buffer.alloc(padding(pax.length)), main, map]),
    size,
  }
}

const NONE = Buffer.alloc(0)

/** The header block. What does not fit is cut here and stands whole in the pax header. */
function block(header: TarHeader, size: number, flag: string): Buffer {
  const bytes = Buffer.alloc(BLOCK)
  const name = storedName(header)
  const split = splitName(name)
  const uname = encodeName(header.uname)
  const gname = encodeName(header.gname)
  const octal = (offset: number, width: number, value: number) =>
    writeOctal(bytes, offset, width, Math.min(Math.max(value, 0), octalMax(width)))

  name.copy(bytes, 0, split === undefined || split === 0 ? 0 : split + 1, split === undefined ? 100 : name.length)
  octal(100, 8, header.mode)
  octal(108, 8, header.uid)
  octal(116, 8, header.gid)
  octal(124, 12, size)
  octal(136, 12, Number(seconds(header.mtimeNs)))
  bytes.write(flag, 156, 1, 'latin1')
  encodeName(header.linkname).copy(bytes, 157, 0, 100)
  bytes.write('ustar\u000000', 257, 8, 'latin1')
  uname.copy(bytes, 265, 0, 32)
  gname.copy(bytes, 297, 0, 32)
  octal(329, 8, header.major)
  octal(337, 8, header.minor)
  if (split !== undefined && split > 0) name.copy(bytes, 345, 0, split)
  writeOctal(bytes, 148, 7, checksum(bytes))
  bytes[155] = 0x20
  return bytes
}

/** A directory's name ends in a slash: so programs from before POSIX know it. */
function storedName(header: TarHeader): Buffer {
  return encodeName(header.type === 'directory' && !header.path.endsWith('/') ? `${header.path}/` : header.path)
}

/** Where a long name splits into prefix and name: 0 where it needs no prefix, undefined where it cannot be split. */
function splitName(name: Buffer): number | undefined {
  if (name.length <= 100) return 0
  // The slash that ends a directory's name is part of it.
  const slash = name.lastIndexOf(0x2f, Math.min(155, name.length - 2))
  return slash > 0 && name.length - slash - 1 <= 100 ? slash : undefined
}

/** The name of a header that is no file of its own, as programs without pax see it. */
function sideName(path: string, directory: string): string {
  const last = path.slice(path.lastIndexOf('/', path.length - 2) + 1)
  return `${directory}/${last.toWellFormed().slice(0, 40)}`
}

/** The pax records for what the ustar header cannot say; GNU tar 1.34 and Go's archive/tar read all of them. */
function paxRecords(header: TarHeader, size: number): Buffer[] {
  const records: Buffer[] = []
  const add = (key: string, value: Uint8Array | string) => void records.push(formatPaxRecord(key, value))
  const strings: Buffer[] = []
  const addText = (key: string, bytes: Buffer, fits: boolean) => {
    if (fits && (isAscii(bytes) || !isUtf8(bytes))) return
    strings.push(bytes)
    add(key, bytes)
  }

  const name = storedName(header)
  if (header.sparse === undefined) addText('path', name, splitName(name) !== undefined)
  if (header.linkname !== '') addText('linkpath', encodeName(header.linkname), byteLength(header.linkname) <= 100)
  addText('uname', encodeName(header.uname), byteLength(header.uname) <= 32)
  addText('gname', encodeName(header.gname), byteLength(header.gname) <= 32)
  if (header.uid > octalMax(8)) add('uid', String(header.uid))
  if (header.gid > octalMax(8)) add('gid', String(header.gid))
  if (size > octalMax(12)) add('size', String(size))
  const mtime = seconds(header.mtimeNs)
  if (mtime * NS !== header.mtimeNs || mtime < 0n || mtime > octalMax(12)) add('mtime', formatTime(header.mtimeNs))
  if (header.atimeNs !== undefined) add('atime', formatTime(header.atimeNs))
  for (const attribute of [...header.xattrs.keys()].toSorted()) {
    add(`SCHILY.xattr.${encodeKeyword(attribute)}`, header.xattrs.get(attribute) ?? '')
  }
  if (header.sparse !== undefined) {
    add('GNU.sparse.major', '1')
    add('GNU.sparse.minor', '0')
    addText('GNU.sparse.name', name, false)
    add('GNU.sparse.realsize', String(header.size))
  }
  // Names in pax are UTF-8 unless this stands before them.
  if (strings.some((bytes) => !isUtf8(bytes))) records.unshift(formatPaxRecord('hdrcharset', 'BINARY'))
  return records
}

function byteLength(name: string): number {
  return encodeName(name).length
}

function isAscii(bytes: Buffer): boolean {
  return bytes.every((byte) => byte < 0x80)
}

function isUtf8(bytes: Buffer): boolean {
  return Buffer.compare(Buffer.from(bytes.toString('utf8')), bytes) === 0
}

const NS = 1_000_000_000n

/** Whole seconds, rounded to the past. */
function seconds(ns: bigint): bigint {
  return ns >= 0n ? ns / NS : -((-ns + NS - 1n) / NS)
}

/** `-1.5` is one and a half second before the epoch. */
function formatTime(ns: bigint): string {
  const absolute = ns < 0n ? -ns : ns
  const fraction = String(absolute % NS)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${ns < 0n ? '-' : ''}${absolute / NS}${fraction === '' ? '' : `.${fraction}`}`
}

/** The map of sparse format 1.0, in whole blocks. Where the file ends in a hole, GNU tar wants an empty last piece to know its size. */
function formatMap(sparse: readonly Extent[], size: number): Buffer {
  const last = sparse.at(-1)
  const extents =
    last === undefined || last.offset + last.length < size ? [...sparse, { offset: size, length: 0 }] : sparse
  const text = `${extents.length}\n${extents.map(({ offset, length }) => `${offset}\n${length}\n`).join('')}`
  return Buffer.concat([Buffer.from(text), Buffer.alloc(padding(text.length))])
}
