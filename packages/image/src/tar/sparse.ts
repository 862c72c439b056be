/**
 * Sparse files, stored as a map of the pieces that hold data and then only those. Four spellings: the old GNU header
 * (type S), pax 0.0 (repeated records), 0.1 (one record), 1.0 (text at the head of the data). GNU tar manual, "Sparse Formats".
 */
import { tarError, type Extent } from './entry.ts'
import { BLOCK, parseNumber } from './block.ts'
import { integer, text, type PaxRecord } from './pax.ts'
import type { StoredHeader } from './header.ts'

/** A map with more pieces than this is refused: it costs memory, and no honest file has so many. */
export const MAX_EXTENTS = 1_000_000

/** Adds the pieces that one block of the old GNU format holds; true when another such block follows. */
export function readOldExtents(block: Buffer, extents: Extent[], position: number): boolean {
  const first = extents.length === 0 && block[156] === 0x53
  const offset = first ? 386 : 0
  const slots = first ? 4 : 21
  for (let slot = 0; slot < slots; slot++) {
    const at = offset + slot * 24
    if (block[at] === 0) break
    const start = parseNumber(block, at, 12, 'sparse offset', position)
    extents.push({ offset: start, length: parseNumber(block, at + 12, 12, 'sparse length', position) })
  }
  if (extents.length > MAX_EXTENTS) throw tooMany(position)
  return block[offset + slots * 24] !== 0
}

/** What the GNU.sparse records of one file say: its pieces, or that the pieces stand at the head of the data (1.0). */
export type GnuSparse = { kind: 'extents'; extents: Extent[] } | { kind: 'map-in-data'; extents?: undefined }

/** Reads the records (keys without `GNU.sparse.`); sets the header's true name and size. Undefined where they hold no map. */
export function readGnuSparse(
  header: StoredHeader,
  records: readonly PaxRecord[],
  position: number,
): GnuSparse | undefined {
  const extents: Extent[] = []
  let numbers: number[] | undefined
  let major: number | undefined
  let minor = 0
  let offset: number | undefined
  for (const [key, value] of records) {
    if (key === 'name') header.path = text('GNU.sparse.name', value, position)
    else if (key === 'size' || key === 'realsize') header.size = integer(`GNU.sparse.${key}`, value, position)
    else if (key === 'major') major = integer('GNU.sparse.major', value, position)
    else if (key === 'minor') minor = integer('GNU.sparse.minor', value, position)
    else if (key === 'offset') offset = integer('GNU.sparse.offset', value, position)
    else if (key === 'numbytes' && offset !== undefined) {
      extents.push({ offset, length: integer('GNU.sparse.numbytes', value, position) })
      offset = undefined
    } else if (key === 'map') numbers = parseMap(value.toString('latin1'), position)
  }
  if (major !== undefined && major !== 0) {
    if (major !== 1 || minor !== 0) throw tarError(`the sparse format ${major}.${minor} is not known`, position)
    return { kind: 'map-in-data' }
  }
  if (numbers !== undefined) return { kind: 'extents', extents: pairs(numbers, position) }
  return records.some(([key]) => key === 'numblocks' || key === 'size') ? { kind: 'extents', extents } : undefined
}

function parseMap(map: string, position: number): number[] {
  const numbers = map === '' ? [] : map.split(',').map(Number)
  if (!/^[0-9,]*$/.test(map) || !numbers.every(Number.isSafeInteger)) {
    throw tarError('the sparse map is no list of numbers', position)
  }
  return numbers
}

function pairs(numbers: readonly number[], position: number): Extent[] {
  if (numbers.length % 2 !== 0) throw tarError('the sparse map has an offset without a length', position)
  const extents: Extent[] = []
  for (let at = 0; at < numbers.length; at += 2) {
    extents.push({ offset: numbers[at] ?? 0, length: numbers[at + 1] ?? 0 })
  }
  return extents
}

/** Reads the map of format 1.0 block by block: decimal lines, first the number of pieces, then offset and length of each. */
export class MapReader {
  readonly #numbers: number[] = []
  readonly #position: number
  #value = 0
  #digits = 0

  constructor(position: number) {
    this.#position = position
  }

  /** Takes the next block; the pieces when the map is complete (the rest of the block is filling). */
  add(block: Buffer): Extent[] | undefined {
    for (let at = 0; at < BLOCK; at++) {
      const byte = block[at] ?? 0
      if (byte === 0x0a && this.#digits > 0) {
        this.#numbers.push(this.#value)
        this.#value = 0
        this.#digits = 0
        const count = this.#numbers[0] ?? 0
        if (count > MAX_EXTENTS) throw tooMany(this.#position)
        if (this.#numbers.length === 1 + 2 * count) return pairs(this.#numbers.slice(1), this.#position)
      } else if (byte >= 0x30 && byte <= 0x39 && this.#digits < 15) {
        this.#value = this.#value * 10 + (byte - 0x30)
        this.#digits++
      } else {
        throw tarError('the sparse map at the head of the data is no list of numbers', this.#position)
      }
    }
    return undefined
  }
}

/**
 * The pieces without the empty ones (the last, empty one only marks the file's end).
 * @throws UserError unless they are in order, inside the file, and as long together as the stored data.
 */
export function checkExtents(extents: readonly Extent[], size: number, stored: number, position: number): Extent[] {
  let end = 0
  let sum = 0
  for (const { offset, length } of extents) {
    if (offset < end || length < 0 || offset + length > size) {
      throw tarError(
        `the sparse piece ${offset}+${length} overlaps another or passes the file's ${size} bytes`,
        position,
      )
    }
    end = offset + length
    sum += length
  }
  if (sum !== stored) throw tarError(`the sparse map has ${sum} bytes of data, the archive ${stored}`, position)
  return extents.filter(({ length }) => length > 0)
}

function tooMany(position: number) {
  return tarError(`a sparse map of more than ${MAX_EXTENTS} pieces`, position)
}
