/** The sha256 of a file's content while its pieces go by, holes counted as zeros: the same however the file is stored. */
import { Buffer } from 'node:buffer'
import { createHash, hash, type Hash } from 'node:crypto'
import type { Digest } from '../digest.ts'

export class ContentHash {
  readonly #size: number
  #hash: Hash | undefined
  #whole: string | undefined
  #at = 0

  constructor(size: number) {
    this.#size = size
  }

  /** Pieces come in order. One that is the whole file costs no hash object: most files of an image are that small. */
  add(offset: number, bytes: Buffer): void {
    if (bytes.length === this.#size) {
      this.#whole = hash('sha256', bytes, 'hex')
      return
    }
    this.#zerosUpTo(offset)
    this.#running.update(bytes)
    this.#at += bytes.length
  }

  digest(): Digest {
    if (this.#whole !== undefined) return `sha256:${this.#whole}` as Digest
    this.#zerosUpTo(this.#size)
    return `sha256:${this.#running.digest('hex')}` as Digest
  }

  get #running(): Hash {
    return (this.#hash ??= createHash('sha256'))
  }

  #zerosUpTo(end: number): void {
    while (this.#at < end) {
      const count = Math.min(ZEROS.length, end - this.#at)
      this.#running.update(ZEROS.subarray(0, count))
      this.#at += count
    }
  }
}

const ZEROS = Buffer.alloc(256 * 1024)
