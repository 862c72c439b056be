/** Turns the fields of a kernel struct into its bytes. */
import type { Field } from './call.ts'
import { layout, type FieldType, type StructName } from './struct.ts'

/**
 * The bytes of a struct whose fields are all known now (no reference, no pointer).
 * @throws TypeError for a field the struct does not have.
 */
export function packStruct(name: StructName, fields: Record<string, number | bigint | string>): Buffer {
  const { size, fields: known } = layout(name)
  const bytes = Buffer.alloc(size)
  for (const [field, value] of Object.entries(fields)) {
    const place = known[field]
    if (place === undefined) throw new TypeError(`struct ${name} has no field ${field}`)
    writeField(bytes, place[0], place[1], value)
  }
  return bytes
}

/** Writes one integer or character field at `offset`. */
export function writeField(
  bytes: Buffer,
  offset: number,
  type: FieldType,
  value: Extract<Field, number | bigint | string>,
): void {
  if (typeof value === 'string') {
    bytes.write(value, offset, 'utf8')
    return
  }
  switch (type) {
    case 'u8':
      bytes.writeUInt8(Number(value), offset)
      return
    case 'u16':
      bytes.writeUInt16LE(Number(value), offset)
      return
    case 'u16be':
      bytes.writeUInt16BE(Number(value), offset)
      return
    case 'u32':
    case 'i32':
      bytes.writeUInt32LE(Number(BigInt.asUintN(32, BigInt(value))), offset)
      return
    case 'u64':
    case 'ptr':
    default:
      bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), offset)
  }
}

/** How many bytes a field takes. */
export function fieldWidth(type: FieldType): number {
  switch (type) {
    case 'u8':
      return 1
    case 'u16':
    case 'u16be':
      return 2
    case 'u32':
    case 'i32':
      return 4
    case 'u64':
    case 'ptr':
      return 8
    default:
      return Number(type.slice('char['.length, -1))
  }
}
