/** Writing a file's content. Blocks of zeros become holes, so that ten gigabytes of zeros take no room on the disk. */
import { Buffer } from 'node:buffer'
import { ftruncateSync, writeSync } from 'node:fs'

/** Zeros are looked for in pieces of this size, aligned in the file. */
const GRAIN = 64 * 1024
const ZEROS = Buffer.alloc(GRAIN)

export class ContentWriter {
  readonly #fd: number
  readonly #size: number
  #end = 0

  /** For an empty file open for writing that will have `size` bytes. */
  constructor(fd: number, size: number) {
    this.#fd = fd
    this.#size = size
  }

  /** Writes the bytes at `offset`, without the blocks that are all zeros. */
  write(offset: number, bytes: Buffer): void {
    let from = 0
    let at = 0
    while (at < bytes.length) {
      const end = Math.min(bytes.length, at + GRAIN - ((offset + at) % GRAIN))
      if (end - at >= 4096 && bytes[at] === 0 && bytes.subarray(at, end).equals(ZEROS.subarray(0, end - at))) {
        this.#writeAll(bytes, from, at, offset + from)
        from = end
      }
      at = end
    }
    this.#writeAll(bytes, from, at, offset + from)
  }

  /** Gives the file its size where it ends in a hole. */
  end(): void {
    if (this.#end < this.#size) ftruncateSync(this.#fd, this.#size)
  }

  #writeAll(bytes: Buffer, start: number, end: number, position: number): void {
    let from = start
    while (from < end) from += writeSync(this.#fd, bytes, from, end - from, position + from - start)
    if (end > start) this.#end = position + end - start
  }
}
