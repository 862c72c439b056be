/**
 * What a program's ELF header says about the files it needs: its loader (PT_INTERP) and libraries (PT_DYNAMIC). See
 * elf(5) and the System V gABI, chapters 4 and 5.
 */
import { Buffer } from 'node:buffer'
import { readSync } from 'node:fs'
import { UserError } from '@mini-docker/syscall'

export type Elf = {
  bits: 32 | 64
  /** e_machine: 62 is x86-64, 183 is AArch64. Libraries must be of the same. */
  machine: number
  /** The dynamic loader's path, where there is one. */
  interpreter?: string
  /** DT_NEEDED, in order. */
  needed: string[]
  /** DT_RPATH and DT_RUNPATH as they stand, split at colons. */
  rpath: string[]
  runpath: string[]
}

/** True for a program that runs without any other file. */
export function isStatic(elf: Elf): boolean {
  return elf.interpreter === undefined && elf.needed.length === 0
}

/**
 * Reads the headers of an open file; undefined where it is no ELF file.
 * @throws UserError naming `path` where it begins like one and is broken.
 */
export function parseElf(fd: number, path: string): Elf | undefined {
  const ident = read(fd, 0, 64)
  if (ident.length < 52 || ident.toString('latin1', 0, 4) !== '\x7fELF') return undefined
  try {
    return new Reader(fd, ident).elf()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new UserError('invalid', `${JSON.stringify(path)} is a broken ELF file`, { cause: error })
  }
}

const PT_LOAD = 1
const PT_DYNAMIC = 2
const PT_INTERP = 3
const DT_NULL = 0
const DT_NEEDED = 1
const DT_STRTAB = 5
const DT_STRSZ = 10
const DT_RPATH = 15
const DT_RUNPATH = 29

/** Larger tables than these are no true ones. */
const MAX_TABLE_BYTES = 16 << 20

type Segment = { type: number; offset: number; address: number; bytes: number }

/** Every number out of bounds ends in a RangeError of Buffer or of `read`. */
class Reader {
  readonly #fd: number
  readonly #header: Buffer
  readonly #wide: boolean
  readonly #little: boolean

  constructor(fd: number, header: Buffer) {
    this.#fd = fd
    this.#header = header
    this.#wide = header[4] === 2
    this.#little = header[5] !== 2
  }

  elf(): Elf {
    const segments = this.#segments()
    const interpreter = segments.find(({ type }) => type === PT_INTERP)
    const strings = this.#dynamic(segments)
    const of = (wanted: number) => strings.filter(({ tag }) => tag === wanted).map(({ text }) => text)
    return {
      bits: this.#wide ? 64 : 32,
      machine: this.#u16(this.#header, 18),
      ...(interpreter === undefined
        ? {}
        : { interpreter: cString(this.#table(interpreter.offset, interpreter.bytes), 0) }),
      needed: of(DT_NEEDED),
      rpath: of(DT_RPATH).flatMap((list) => list.split(':')),
      runpath: of(DT_RUNPATH).flatMap((list) => list.split(':')),
    }
  }

  #segments(): Segment[] {
    const header = this.#header
    const offset = this.#wide ? this.#word(header, 32) : this.#word(header, 28)
    const entry = this.#u16(header, this.#wide ? 54 : 42)
    const count = this.#u16(header, this.#wide ? 56 : 44)
    const table = this.#table(offset, entry * count)
    return Array.from({ length: count }, (_, index) => {
      const at = index * entry
      const type = this.#u32(table, at)
      if (!this.#wide) {
        return {
          type,
          offset: this.#u32(table, at + 4),
          address: this.#u32(table, at + 8),
          bytes: this.#u32(table, at + 16),
        }
      }
      return {
        type,
        offset: this.#word(table, at + 8),
        address: this.#word(table, at + 16),
        bytes: this.#word(table, at + 32),
      }
    })
  }

  /** The entries of the dynamic section that are strings. */
  #dynamic(segments: readonly Segment[]): { tag: number; text: string }[] {
    const segment = segments.find(({ type }) => type === PT_DYNAMIC)
    if (segment === undefined) return []
    const table = this.#table(segment.offset, segment.bytes)
    const entries: { tag: number; value: number }[] = []
    const step = this.#wide ? 8 : 4
    for (let at = 0; at + 2 * step <= table.length; at += 2 * step) {
      const tag = this.#word(table, at)
      if (tag === DT_NULL) break
      if (STRING_TAGS.has(tag)) entries.push({ tag, value: this.#word(table, at + step) })
    }
    const value = (wanted: number) => entries.find(({ tag }) => tag === wanted)?.value
    const address = value(DT_STRTAB)
    const load = segments.find((each) => each.type === PT_LOAD && address !== undefined && covers(each, address))
    if (address === undefined || load === undefined) return []
    const strings = this.#table(load.offset + address - load.address, value(DT_STRSZ) ?? 0)
    return entries
      .filter(({ tag }) => tag !== DT_STRTAB && tag !== DT_STRSZ)
      .map(({ tag, value: offset }) => ({ tag, text: cString(strings, offset) }))
  }

  #table(offset: number, bytes: number): Buffer {
    if (bytes > MAX_TABLE_BYTES) throw new RangeError(`a table of ${bytes} bytes`)
    const table = read(this.#fd, offset, bytes)
    if (table.length < bytes) throw new RangeError('a table past the end of the file')
    return table
  }

  #u16(bytes: Buffer, at: number): number {
    return this.#little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)
  }

  #u32(bytes: Buffer, at: number): number {
    return this.#little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
  }

  /** An address, offset or tag: as wide as the machine's words. Tags of the far end (DT_LOOS…) lose digits; none is looked for. */
  #word(bytes: Buffer, at: number): number {
    if (!this.#wide) return this.#u32(bytes, at)
    return Number(this.#little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at))
  }
}

const STRING_TAGS = new Set([DT_NEEDED, DT_STRTAB, DT_STRSZ, DT_RPATH, DT_RUNPATH])

function covers({ address, bytes }: Segment, wanted: number): boolean {
  return wanted >= address && wanted < address + bytes
}

function cString(strings: Buffer, offset: number): string {
  const end = strings.indexOf(0, offset)
  if (offset >= strings.length || end < 0) throw new RangeError(`a string at ${offset}`)
  return strings.toString('utf8', offset, end)
}

/** Up to `bytes` bytes; fewer at the end of the file. */
function read(fd: number, offset: number, bytes: number): Buffer {
  if (!Number.isSafeInteger(offset)) throw new RangeError(`an offset of ${offset}`)
  const buffer = Buffer.alloc(bytes)
  let filled = 0
  while (filled < bytes) {
    const length = readSync(fd, buffer, filled, bytes - filled, offset + filled)
    if (length === 0) break
    filled += length
  }
  return buffer.subarray(0, filled)
}
