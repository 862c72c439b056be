/** Small ELF files made for tests: a header, the segments that name other files, nothing to run. */
import { Buffer } from 'node:buffer'

export type Fields = {
  bits?: 32 | 64
  machine?: number
  interpreter?: string
  needed?: string[]
  rpath?: string
  runpath?: string
}

const BASE = 0x40_0000

/** The bytes of a little-endian ELF file that asks for these things. */
export function makeElf({ bits = 64, machine = 62, interpreter, needed = [], rpath, runpath }: Fields): Buffer {
  const wide = bits === 64
  const strings = ['\0']
  const add = (text: string) => strings.join('').length + (strings.push(`${text}\0`), 0)
  const tags: [number, number][] = needed.map((name) => [1, add(name)])
  if (rpath !== undefined) tags.push([15, add(rpath)])
  if (runpath !== undefined) tags.push([29, add(runpath)])
  const interp = interpreter === undefined ? undefined : add(interpreter)
  const table = Buffer.from(strings.join(''))

  const headerBytes = wide ? 64 : 52
  const entry = wide ? 56 : 32
  const count = interp === undefined ? 2 : 3
  const tableAt = headerBytes + entry * count
  const dynamicAt = tableAt + table.length
  tags.push([5, BASE + tableAt], [10, table.length], [0, 0])
  const word = (value: number) => {
    const bytes = Buffer.alloc(wide ? 8 : 4)
    if (wide) bytes.writeBigUInt64LE(BigInt(value))
    else bytes.writeUInt32LE(value)
    return bytes
  }
  const dynamic = Buffer.concat(tags.flatMap(([tag, value]) => [word(tag), word(value)]))
  const total = dynamicAt + dynamic.length
  const segment = (type: number, offset: number, size: number) => {
    const [at, address, length] = [word(offset), word(BASE + offset), word(size)]
    return wide
      ? Buffer.concat([u32(type), u32(4), at, address, address, length, length, word(8)])
      : Buffer.concat([u32(type), at, address, address, length, length, u32(4), u32(8)])
  }
  return Buffer.concat([
    Buffer.from([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    u16(3),
    u16(machine),
    u32(1),
    word(0),
    word(headerBytes),
    word(0),
    u32(0),
    u16(headerBytes),
    u16(entry),
    u16(count),
    Buffer.alloc(6),
    ...(interp === undefined ? [] : [segment(3, tableAt + interp, (interpreter ?? '').length + 1)]),
    segment(1, 0, total),
    segment(2, dynamicAt, dynamic.length),
    table,
    dynamic,
  ])
}

function u16(value: number): Buffer {
  return Buffer.from(Uint16Array.of(value).buffer)
}

function u32(value: number): Buffer {
  return Buffer.from(Uint32Array.of(value).buffer)
}
