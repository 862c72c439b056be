/** The two sections of a program: its operations, and the data their arguments point to. The format stands in `launcher/program.h`. */
import type { OpSource } from './program.ts'

export const OP_BYTES = 80

export type EncodedArg = readonly [kind: number, value: bigint]
export type Op = {
  kind: number
  flags: number
  slot: number
  nr: number
  /** Where in the data the result of the call stands, with the flag RESULT_AT. */
  resultAt: number
  args: EncodedArg[]
  allow: number[]
  step: number
  source: OpSource
}

/** Writes one operation at `at`. */
export function writeOp(table: Buffer, at: number, op: Op): void {
  table[at] = op.kind
  table[at + 1] = op.flags
  table[at + 2] = op.args.length
  table[at + 3] = op.allow.length
  table.writeUInt32LE(op.slot, at + 4)
  table.writeUInt16LE(op.step, at + 14)
  table.writeUInt32LE(op.nr, at + 16)
  table.writeUInt32LE(op.resultAt, at + 20)
  op.args.forEach(([kind, value], i) => {
    table[at + 8 + i] = kind
    table.writeBigInt64LE(value, at + 24 + 8 * i)
  })
  op.allow.forEach((errno, i) => table.writeUInt16LE(errno, at + 72 + 2 * i))
}

/** Strings, structs and room for results; 8-byte aligned. */
export class DataSection {
  #chunks: Uint8Array[] = []
  #size = 0
  #relocations: number[] = []
  readonly #known = new Map<string, number>()

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  get relocations(): Buffer {
    const bytes = Buffer.alloc(this.#relocations.length * 4)
    this.#relocations.forEach((n, i) => bytes.writeUInt32LE(n, 4 * i))
    return bytes
  }

  place(bytes: Uint8Array): number {
    const at = this.#size
    const padding = (8 - (bytes.length % 8)) % 8
    this.#chunks.push(bytes)
    if (padding > 0) this.#chunks.push(new Uint8Array(padding))
    this.#size += bytes.length + padding
    return at
  }

  reserve(bytes: number): number {
    return this.place(new Uint8Array(bytes))
  }

  string(text: string): number {
    if (text.includes('\0'))
      throw new TypeError(`a string for the kernel must not contain NUL: ${JSON.stringify(text)}`)
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const at = this.place(Buffer.from(`${text}\0`))
    this.#known.set(text, at)
    return at
  }

  strings(list: string[]): number {
    const targets = list.map((text) => this.string(text))
    const at = this.reserve((list.length + 1) * 8)
    targets.forEach((target, i) => this.relocate(at + 8 * i, target))
    return at
  }

  relocate(at: number, target: number): void {
    this.#relocations.push(at, target)
  }
}
