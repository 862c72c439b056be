/**
 * File names are bytes to the kernel and mostly UTF-8 to people. In JavaScript a name is a string; a byte that is no
 * UTF-8 becomes a lone surrogate U+DC80…U+DCFF (as in Python's surrogateescape), so that no name is ever changed by passing through.
 */
import { Buffer } from 'node:buffer'

/** The string for a name's bytes. `encodeName` gives exactly these bytes back. */
export function decodeName(bytes: Buffer, start = 0, end: number = bytes.length): string {
  const text = bytes.toString('utf8', start, end)
  return text.includes('\uFFFD') ? decodeEscaped(bytes.subarray(start, end)) : text
}

/** The bytes of a name. */
export function encodeName(name: string): Buffer {
  return name.isWellFormed() ? Buffer.from(name, 'utf8') : Buffer.concat(encodeEscaped(name))
}

/** The name as a system call takes it: a string, or NUL-terminated bytes where a string would not come out the same. */
export function cName(name: string): string | Buffer {
  return name.isWellFormed() ? name : Buffer.concat([encodeName(name), Buffer.of(0)])
}

/** The name for a message: what cannot be printed is escaped, long ones are cut. */
export function showName(name: string): string {
  const shown = JSON.stringify(name)
  return shown.length <= 200 ? shown : `${shown.slice(0, 200)}…"`
}

function decodeEscaped(bytes: Buffer): string {
  let text = ''
  let at = 0
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at)
    if (length === 0) {
      text += String.fromCharCode(0xdc00 + (bytes[at] ?? 0))
      at += 1
    } else {
      text += bytes.toString('utf8', at, at + length)
      at += length
    }
  }
  return text
}

/** How many bytes the character at `at` takes; 0 where the byte begins no valid one. */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  if (length <= 1) return length
  if (at + length > bytes.length) return 0
  const text = bytes.toString('utf8', at, at + length)
  // The name may hold a true U+FFFD, which is EF BF BD.
  if (text.includes('\uFFFD') && !(length === 3 && bytes.readUIntBE(at, 3) === 0xefbfbd)) return 0
  return length
}

function encodeEscaped(name: string): Buffer[] {
  const parts: Buffer[] = []
  let from = 0
  for (let at = 0; at < name.length; at++) {
    const unit = name.charCodeAt(at)
    if (unit < 0xdc80 || unit > 0xdcff || isHigh(name.charCodeAt(at - 1))) continue
    parts.push(Buffer.from(name.slice(from, at), 'utf8'), Buffer.of(unit - 0xdc00))
    from = at + 1
  }
  parts.push(Buffer.from(name.slice(from), 'utf8'))
  return parts
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}
