/**
 * Bytes that behave like those of real images: text and code that gzip to a fifth, among them data that does not shrink (pictures, compressed
 * files); together gzip -6 makes them about 2.7 times smaller. The same seed gives the same bytes on every machine.
 */
import { Buffer } from 'node:buffer'

const PIECE = 4096
/** Far more than gzip's window of 32 KiB, so that it does not notice when a piece comes again. */
const POOL = 8 * 1024 * 1024
/** Of all pieces, those that do not shrink. */
const RANDOM_SHARE = 0.16

export class Content {
  readonly #random: () => number
  readonly #text: Buffer
  readonly #noise: Buffer

  constructor(seed: number) {
    this.#random = generator(seed)
    this.#text = text(this.#random)
    this.#noise = noise(this.#random)
  }

  /** The next `size` bytes. */
  bytes(size: number): Buffer {
    const bytes = Buffer.allocUnsafe(size)
    for (let at = 0; at < size; at += PIECE) {
      const pool = this.#random() < RANDOM_SHARE ? this.#noise : this.#text
      const from = Math.floor(this.#random() * (POOL - PIECE))
      pool.copy(bytes, at, from, from + Math.min(PIECE, size - at))
    }
    return bytes
  }

  /** A size around `typicalBytes`, as files have them: most are small, a few are very large. */
  size(typicalBytes: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random())
    return Math.max(1, Math.round(typicalBytes * Math.exp(normal)))
  }
}

/** Phrases of a vocabulary in which, as in every language, a few words are used most of the time. */
function text(random: () => number): Buffer {
  const words = Array.from({ length: 4000 }, () => word(random))
  const phrases = Array.from({ length: 3000 }, () => {
    const length = 1 + Math.floor(random() * 4)
    return Array.from({ length }, () => words[rank(random, words.length)]).join(' ')
  })
  const lines: string[] = []
  for (let bytes = 0; bytes < POOL;) {
    const length = 3 + Math.floor(random() * 5)
    const line = Array.from({ length }, () => phrases[rank(random, phrases.length)]).join(' ')
    lines.push(line)
    bytes += line.length + 1
  }
  return Buffer.from(lines.join('\n'), 'latin1').subarray(0, POOL)
}

function word(random: () => number): string {
  const letters = 2 + Math.floor(random() * 9)
  return Array.from({ length: letters }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join('')
}

/** Zipf's law: the n-th word is as frequent as 1/n. */
function rank(random: () => number, count: number): number {
  return Math.min(count - 1, Math.floor(Math.exp(random() * Math.log(count))))
}

function noise(random: () => number): Buffer {
  const bytes = Buffer.allocUnsafe(POOL)
  for (let at = 0; at < POOL; at += 4) bytes.writeUInt32LE(Math.floor(random() * 2 ** 32), at)
  return bytes
}

/** mulberry32: 32 bits of state, good enough not to be compressible. Returns numbers in [0, 1). */
function generator(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
