/**
 * Names: RFC 1035 §3.1 and §4.1.4. On the wire a name is labels, each with its length before it, up to the root's zero; or up to a pointer to
 * an earlier place where the rest stands already. As text it is as in a zone file, without the last dot: `www.example.org`, the root is ''.
 * A byte that would be misread stands as `\.`, `\\` or `\DDD` (RFC 4343 §2.1). Letters keep their case: some resolvers check that it comes back.
 */
import { DnsFormatError } from './error.ts'
import { LABEL_BYTES_MAX, NAME_BYTES_MAX } from './numbers.ts'

const POINTER = 0xc0
const POINTER_REACH = 0x3fff

/** Reads the name at `at`; `next` is what follows it there. @throws DnsFormatError */
export function readName(bytes: Uint8Array, at: number): { name: string; next: number } {
  let name = ''
  let next = -1
  let total = 1
  // A pointer must lead to before where the part being read began, so that each one gets closer to the start: no loops.
  let began = at
  for (;;) {
    const length = byteAt(bytes, at)
    if (length === 0) return { name, next: next === -1 ? at + 1 : next }
    if ((length & POINTER) === POINTER) {
      const target = ((length & ~POINTER) << 8) | byteAt(bytes, at + 1)
      if (target >= began) throw new DnsFormatError(`the name at ${began} points ahead, to ${target}`)
      if (next === -1) next = at + 2
      at = began = target
      continue
    }
    if (length > LABEL_BYTES_MAX) throw new DnsFormatError(`the label at ${at} is of an unknown kind, ${length >> 6}`)
    total += length + 1
    if (total > NAME_BYTES_MAX) throw new DnsFormatError(`the name at ${began} is longer than ${NAME_BYTES_MAX} bytes`)
    const end = at + 1 + length
    if (end > bytes.length) throw new DnsFormatError(`the label at ${at} goes beyond the end`)
    name += name === '' ? '' : '.'
    for (at++; at < end; at++) name += textOf(bytes[at]!)
    at = end
  }
}

/** Where each ending of a name already stands in a message. */
export type WrittenNames = Map<string, number>

/**
 * Writes a name at `at`, with a pointer to where its longest known ending is. @returns what follows it there
 * @throws DnsFormatError where a label is empty or too long, or the whole is
 */
export function writeName(name: string, into: Buffer, at: number, written: WrittenNames): number {
  const total = wireBytes(name)
  if (total > NAME_BYTES_MAX) throw new DnsFormatError(`a name of ${total} bytes is longer than ${NAME_BYTES_MAX}`)
  for (let i = 0; i < name.length; i++) {
    const ending = i === 0 ? name : name.slice(i)
    const known = written.get(ending)
    if (known !== undefined) return into.writeUInt16BE((POINTER << 8) | known, at)
    if (at <= POINTER_REACH) written.set(ending, at)
    const lengthAt = at++
    for (; i < name.length && name.charCodeAt(i) !== DOT; i++) {
      const escaped = name.charCodeAt(i) === BACKSLASH
      const decimal = escaped ? DECIMAL.exec(name.slice(i + 1, i + 4))?.[0] : undefined
      if (escaped) i += decimal?.length ?? 1
      into[at++] = decimal === undefined ? byteOf(name, i) : Number(decimal)
    }
    const length = at - lengthAt - 1
    if (length === 0 || length > LABEL_BYTES_MAX) throw new DnsFormatError(`"${name}" has a label of ${length} bytes`)
    into[lengthAt] = length
  }
  into[at] = 0
  return at + 1
}

/** Names are the same whatever the case of their ASCII letters (RFC 4343). */
export function foldCase(name: string): string {
  return name.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

const DOT = 0x2e
const BACKSLASH = 0x5c
const DECIMAL = /^(?:[01]\d\d|2[0-4]\d|25[0-5])/
const ESCAPED = /\\(?:[01]\d\d|2[0-4]\d|25[0-5]|.)/gs

function textOf(byte: number): string {
  if (byte === DOT || byte === BACKSLASH) return `\\${String.fromCharCode(byte)}`
  return byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, '0')}`
}

/** With a length before each label, and the root's zero. */
function wireBytes(name: string): number {
  if (name === '') return 1
  return (name.includes('\\') ? name.replaceAll(ESCAPED, 'x') : name).length + 2
}

function byteOf(name: string, i: number): number {
  const code = name.charCodeAt(i)
  if (!(code < 0x80)) throw new DnsFormatError(`"${name}" is no name in ASCII`)
  return code
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]
  if (byte === undefined) throw new DnsFormatError(`a name goes beyond the end, ${bytes.length}`)
  return byte
}
