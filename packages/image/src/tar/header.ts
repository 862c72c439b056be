/** One header block as it stands, before extended headers overrule it. */
import { dialect, parseNumber, parseString, verifyChecksum } from './block.ts'
import { NO_XATTRS, tarError, type TarHeader, type TarType } from './entry.ts'
import { showName } from './name.ts'
import type { PaxRecord } from './pax.ts'

/** A header under construction: `storedSize` is the body's size in the archive, `gnuSparse` the records that tell the true one. */
export type StoredHeader = TarHeader & { flag: Flag; storedSize: number; gnuSparse?: PaxRecord[] }

/** The type flags that mean something here, the old spellings already replaced. */
type Flag = '0' | '1' | '2' | '3' | '4' | '5' | '6' | 'S' | 'D' | 'V' | 'x' | 'g' | 'L' | 'K'

const FLAGS: Record<string, Flag> = {
  '\0': '0',
  '0': '0',
  '1': '1',
  '2': '2',
  '3': '3',
  '4': '4',
  '5': '5',
  '6': '6',
  // Contiguous: a file, on a filesystem of 1988.
  '7': '0',
  S: 'S',
  D: 'D',
  V: 'V',
  x: 'x',
  // Solaris.
  X: 'x',
  g: 'g',
  L: 'L',
  K: 'K',
}

/** @throws UserError for a bad checksum, a bad number, or a type that is not known; `position` is the block's byte in the archive. */
export function parseHeader(block: Buffer, position: number): StoredHeader {
  verifyChecksum(block, position)
  const kind = dialect(block)
  const name = parseString(block, 0, 100)
  const prefix = kind === 'ustar' ? parseString(block, 345, 155) : ''
  const path = prefix === '' ? name : `${prefix}/${name}`
  const letter = String.fromCharCode(block[156] ?? 0)
  const flag = FLAGS[letter]
  if (flag === undefined)
    throw tarError(`${showName(path)} is of type ${showName(letter)}, which is not known`, position)

  const number = (offset: number, width: number, field: string) => {
    const value = parseNumber(block, offset, width, field, position)
    if (value < 0) throw tarError(`the ${field} of ${showName(path)} is negative: ${value}`, position)
    return value
  }
  const device = flag === '3' || flag === '4'
  const storedSize = number(124, 12, 'size')
  return {
    type: 'file',
    flag,
    path,
    linkname: flag === '1' || flag === '2' ? parseString(block, 157, 100) : '',
    // Some programs write the type bits of st_mode too.
    mode: number(100, 8, 'mode') & 0o7777,
    uid: number(108, 8, 'uid'),
    gid: number(116, 8, 'gid'),
    uname: kind === 'v7' ? '' : parseString(block, 265, 32),
    gname: kind === 'v7' ? '' : parseString(block, 297, 32),
    size: flag === 'S' ? number(483, 12, 'real size') : storedSize,
    storedSize,
    mtimeNs: BigInt(parseNumber(block, 136, 12, 'mtime', position)) * 1_000_000_000n,
    major: device ? number(329, 8, 'device major') : 0,
    minor: device ? number(337, 8, 'device minor') : 0,
    xattrs: NO_XATTRS,
  }
}

const TYPES = {
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
  S: 'file',
  D: 'directory',
} as const

/** The entry's type, now that its full name is known; cuts the slash off a directory's name. */
export function typeOf(header: StoredHeader, position: number): TarType {
  if (header.path === '') throw tarError('an entry without a name', position)
  const flag = header.flag as keyof typeof TYPES
  // Before POSIX, a directory was a file whose name ends in a slash.
  const type = flag === '0' && header.path.endsWith('/') ? 'directory' : TYPES[flag]
  if (type === 'directory') header.path = header.path.replace(/\/+$/, '') || '/'
  if ((type === 'symlink' || type === 'hardlink') && header.linkname === '') {
    throw tarError(`the ${type} ${showName(header.path)} has no target`, position)
  }
  return type
}
