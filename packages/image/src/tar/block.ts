/**
 * The 512-byte header block, tar's only structure. Numbers are octal text, or base-256 where the text is too short.
 *
 *     0 name[100]   100 mode[8]  108 uid[8]  116 gid[8]  124 size[12]  136 mtime[12]  148 chksum[8]
 *   156 typeflag[1] 157 linkname[100]        257 magic[6] 263 version[2]
 *   265 uname[32]   297 gname[32]            329 devmajor[8] 337 devminor[8]
 *   345 prefix[155]                                  POSIX: goes before name, with a slash
 *   345 atime[12] 357 ctime[12] 386 sparse[4][24] 482 isextended[1] 483 realsize[12]   old GNU instead
 */
import { decodeName } from './name.ts'
import { tarError } from './entry.ts'

export const BLOCK = 512

/** How the block's end is laid out: `gnu` has no prefix, `v7` has neither magic nor names of owners. */
export type Dialect = 'ustar' | 'gnu' | 'v7'

export function dialect(block: Buffer): Dialect {
  const magic = block.toString('latin1', 257, 265)
  if (magic === 'ustar  \0') return 'gnu'
  return magic.startsWith('ustar') ? 'ustar' : 'v7'
}

/** True for the blocks that end an archive. */
export function isZero(block: Buffer): boolean {
  for (let at = 0; at < BLOCK; at++) if (block[at] !== 0) return false
  return true
}

/** @throws UserError where the sum of the block's bytes is not what the block says: unsigned, or signed as old programs took it. */
export function verifyChecksum(block: Buffer, position: number): void {
  const stored = parseNumber(block, 148, 8, 'checksum', position)
  const unsigned = checksum(block)
  if (stored === unsigned || stored === signedChecksum(block, unsigned)) return
  throw tarError(`the header's checksum is ${stored}, its bytes give ${unsigned}`, position)
}

/** The sum of all bytes with the checksum field taken as spaces. */
export function checksum(block: Buffer): number {
  let sum = 8 * 0x20
  for (let at = 0; at < 148; at++) sum += block[at] ?? 0
  for (let at = 156; at < BLOCK; at++) sum += block[at] ?? 0
  return sum
}

function signedChecksum(block: Buffer, unsigned: number): number {
  let sum = unsigned
  for (let at = 0; at < BLOCK; at++) if ((block[at] ?? 0) >= 128 && (at < 148 || at >= 156)) sum -= 256
  return sum
}

/** A text field: up to the first NUL, or all of it. */
export function parseString(block: Buffer, offset: number, width: number): string {
  let end = offset
  while (end < offset + width && block[end] !== 0) end++
  return end === offset ? '' : decodeName(block, offset, end)
}

/**
 * A number field. Empty is 0. Octal may be led by spaces and ended by a space or NUL; the top bit of the first byte means base-256, big-endian two's complement.
 * @throws UserError for other characters and for numbers past 2⁵³.
 */
export function parseNumber(block: Buffer, offset: number, width: number, field: string, position: number): number {
  const first = block[offset] ?? 0
  if (first >= 0x80) return parseBase256(block, offset, width, field, position)
  const end = offset + width
  let at = offset
  while (at < end && block[at] === 0x20) at++
  let value = 0
  for (; at < end; at++) {
    const byte = block[at] ?? 0
    if (byte === 0 || byte === 0x20) break
    if (byte < 0x30 || byte > 0x37) {
      const text = JSON.stringify(block.toString('latin1', offset, end))
      throw tarError(`the ${field} ${text} is no octal number`, position)
    }
    value = value * 8 + (byte - 0x30)
  }
  return value
}

function parseBase256(block: Buffer, offset: number, width: number, field: string, position: number): number {
  const negative = ((block[offset] ?? 0) & 0x40) !== 0
  let value = negative ? (block[offset] ?? 0) - 0x100 : (block[offset] ?? 0) & 0x7f
  for (let at = offset + 1; at < offset + width; at++) {
    value = value * 256 + (block[at] ?? 0)
    if (!Number.isSafeInteger(value)) throw tarError(`the ${field} is too large`, position)
  }
  return value
}

/** The largest number that `width` bytes of octal text with their NUL can hold. */
export function octalMax(width: number): number {
  return 8 ** (width - 1) - 1
}

/** Writes octal text, filled with zeros and ended by NUL. The value must fit. */
export function writeOctal(block: Buffer, offset: number, width: number, value: number): void {
  block.write(value.toString(8).padStart(width - 1, '0'), offset, width - 1, 'latin1')
  block[offset + width - 1] = 0
}

/** How many zero bytes fill `size` up to whole blocks. */
export function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK
}
