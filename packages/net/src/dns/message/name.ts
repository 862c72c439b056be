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

/** The labels of a name as bytes. @throws DnsFormatError where one is empty or too long */
export function labelsOf(name: string): Buffer[] {
  if (name === '') return []
  const labels: Buffer[] = []
  let label: number[] = []
  const end = (): void => {
    if (label.length === 0 || label.length > LABEL_BYTES_MAX)
      throw new DnsFormatError(`"${name.slice(0, 300)}" has a label of ${label.length} bytes`)
    labels.push(Buffer.from(label))
    label = []
  }
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i)
    if (code === DOT) end()
    else if (code === BACKSLASH) {
      const decimal = /^\d{3}/.exec(name.slice(i + 1))?.[0]
      label.push(decimal === undefined ? byteOf(name, i + 1) : Number(decimal))
      i += decimal?.length ?? 1
    } else label.push(byteOf(name, i))
  }
  end()
  const total = labels.reduce((sum, { length }) => sum + length + 1, 1)
  if (total > NAME_BYTES_MAX) throw new DnsFormatError(`a name of ${total} bytes is longer than ${NAME_BYTES_MAX}`)
  return labels
}

/** Where each ending of a name already stands in a message. */
export type WrittenNames = Map<string, number>

/** The name as it stands at `at` of a message, with a pointer to where its longest known ending is. @throws DnsFormatError */
export function writeName(name: string, at: number, written: WrittenNames): Buffer {
  const parts: Buffer[] = []
  const labels = labelsOf(name)
  for (const [i, label] of labels.entries()) {
    // As latin1 each byte is one character, and no two names are the same.
    const ending = labels.slice(i).map((part) => `${part.length}:${part.toString('latin1')}`)
    const key = ending.join('.')
    const known = written.get(key)
    if (known !== undefined) return Buffer.concat([...parts, Buffer.from([POINTER | (known >> 8), known & 0xff])])
    if (at <= POINTER_REACH) written.set(key, at)
    parts.push(Buffer.from([label.length]), label)
    at += 1 + label.length
  }
  return Buffer.concat([...parts, Buffer.from([0])])
}

/** Names are the same whatever the case of their ASCII letters (RFC 4343). */
export function foldCase(name: string): string {
  return name.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

const DOT = 0x2e
const BACKSLASH = 0x5c

function textOf(byte: number): string {
  if (byte === DOT || byte === BACKSLASH) return `\\${String.fromCharCode(byte)}`
  return byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, '0')}`
}

function byteOf(name: string, i: number): number {
  const code = name.charCodeAt(i)
  if (!(code < 0x80)) throw new DnsFormatError(`"${name.slice(0, 300)}" is no name in ASCII`)
  return code
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]
  if (byte === undefined) throw new DnsFormatError(`a name goes beyond the end, ${bytes.length}`)
  return byte
}
