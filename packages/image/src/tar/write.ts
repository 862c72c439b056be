/**
 * Writing tar archives: ustar headers, with a pax header before those that ustar cannot express. What is written depends
 * on the entries alone, so equal entries give equal bytes.
 */
import { Buffer } from 'node:buffer'
import { BLOCK, padding } from './block.ts'
import { encodeHeader, storedSize } from './encode.ts'
import { tarError, type TarHeader } from './entry.ts'
import { showName } from './name.ts'

/** An entry to be written. Of a sparse file, `data` is the content of the pieces only. */
export type TarSource = TarHeader & { data?: AsyncIterable<Uint8Array> | Iterable<Uint8Array> }

/**
 * The archive of some entries, in their order, ended by two zero blocks.
 * @throws UserError when an entry's data is shorter or longer than its header says.
 */
export async function* writeTar(
  entries: AsyncIterable<TarSource> | Iterable<TarSource>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const writer = new TarWriter()
  for await (const entry of entries) {
    writer.entry(entry)
    if (entry.data !== undefined) {
      for await (const bytes of entry.data) {
        writer.data(bytes)
        yield* writer.take()
      }
    }
    yield* writer.take()
  }
  writer.end()
  yield* writer.take()
}

const CHUNK = 128 * 1024

/** The synchronous core of `writeTar`: call `entry`, `data`… for each, then `end`, and `take` the bytes whenever convenient. */
export class TarWriter {
  #ready: Uint8Array[] = []
  #buffer: Buffer = Buffer.allocUnsafeSlow(CHUNK)
  #used = 0
  #current: { path: string; left: number; pad: number } | undefined

  /** Begins an entry. */
  entry(header: TarHeader): void {
    this.#close()
    const { bytes, size } = encodeHeader(header)
    this.#append(bytes)
    this.#current = { path: header.path, left: storedSize(header), pad: padding(size) }
  }

  /** The next bytes of the entry's content. Large pieces are passed on without a copy: don't write to them any more. */
  data(bytes: Uint8Array): void {
    const current = this.#current
    if (current === undefined || bytes.length > current.left) {
      throw tarError(`${showName(current?.path ?? '')} has more data than its header says`)
    }
    current.left -= bytes.length
    if (bytes.length < CHUNK / 4) this.#append(bytes)
    else {
      this.#flush()
      this.#ready.push(bytes)
    }
  }

  /** Ends the archive. */
  end(): void {
    this.#close()
    this.#pad(2 * BLOCK)
    this.#flush()
  }

  /** What is ready, in order; a part may stay back until more comes. */
  take(): Uint8Array[] {
    if (this.#ready.length === 0) return NOTHING
    const ready = this.#ready
    this.#ready = []
    return ready
  }

  #close(): void {
    const current = this.#current
    if (current === undefined) return
    if (current.left > 0)
      throw tarError(`${showName(current.path)} has ${current.left} bytes less than its header says`)
    this.#pad(current.pad)
    this.#current = undefined
  }

  #append(bytes: Uint8Array): void {
    let from = 0
    while (from < bytes.length) {
      if (this.#used === CHUNK) this.#flush()
      const end = Math.min(bytes.length, from + CHUNK - this.#used)
      this.#buffer.set(from === 0 && end === bytes.length ? bytes : bytes.subarray(from, end), this.#used)
      this.#used += end - from
      from = end
    }
  }

  #pad(bytes: number): void {
    if (bytes > 0) this.#append(ZEROS.subarray(0, bytes))
  }

  #flush(): void {
    if (this.#used === 0) return
    this.#ready.push(this.#buffer.subarray(0, this.#used))
    this.#buffer = Buffer.allocUnsafeSlow(CHUNK)
    this.#used = 0
  }
}

const NOTHING: Uint8Array[] = []
const ZEROS = Buffer.alloc(2 * BLOCK)
