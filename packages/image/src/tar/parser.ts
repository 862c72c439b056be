/**
 * The tar reader's core, without I/O and without promises: bytes are pushed in, events come out. `read.ts` wraps it for
 * `for await`; unpacking a layer drives it directly, so that twenty thousand small files cost no promise each.
 */
import { Buffer } from 'node:buffer'
import { BLOCK, isZero, padding } from './block.ts'
import { tarError, type Extent, type TarHeader } from './entry.ts'
import { checkExtensionSize, Extensions, isExtension, type ExtensionFlag } from './extension.ts'
import { parseHeader, typeOf, type StoredHeader } from './header.ts'
import { checkExtents, MapReader, readOldExtents } from './sparse.ts'

/**
 * `header` begins an entry, `data` is a piece of its body (a view of the pushed chunk, valid until the next push) that
 * belongs at `offset` of the file, `end` closes the entry. Holes of sparse files come as gaps between the offsets.
 */
export type TarEvent =
  | { kind: 'header'; header: TarHeader }
  | { kind: 'data'; offset: number; bytes: Buffer }
  | { kind: 'end' }

type State =
  | { at: 'header' }
  | { at: 'zero' }
  | { at: 'extension'; flag: ExtensionFlag; size: number }
  | { at: 'old-sparse'; header: StoredHeader; extents: Extent[] }
  | { at: 'map'; header: StoredHeader; reader: MapReader }
  | { at: 'body' }
  | { at: 'skip' }
  | { at: 'finished' }

const HEADER: State = { at: 'header' }
const BODY: State = { at: 'body' }
const SKIP: State = { at: 'skip' }
const END: TarEvent = { kind: 'end' }

export class TarParser {
  #state: State = HEADER
  #chunk: Buffer = Buffer.alloc(0)
  #at = 0
  /** Bytes of the archive before this chunk. */
  #before = 0

  /** A block or extension that spans chunks gathers here. */
  readonly #block = Buffer.alloc(BLOCK)
  #gathered = this.#block
  #filled = 0

  readonly #extensions = new Extensions()
  #skipBytes = 0
  /** The body's pieces still to come; of a plain file there is one. */
  #extents: readonly Extent[] = []
  #extent = 0
  #done = 0

  /** Gives the next bytes of the archive. Only after `next` has returned undefined. */
  push(chunk: Uint8Array): void {
    if (this.#at < this.#chunk.length) throw new Error('push before the last chunk was read')
    this.#before += this.#chunk.length
    this.#chunk = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    this.#at = 0
  }

  /**
   * The next event; undefined when more bytes are needed.
   * @throws UserError where the bytes are no archive.
   */
  next(): TarEvent | undefined {
    for (;;) {
      const state = this.#state
      switch (state.at) {
        case 'header':
        case 'zero': {
          const block = this.#collect(BLOCK)
          if (block === undefined) return undefined
          const event = this.#header(block, state.at === 'zero')
          if (event !== undefined) return event
          break
        }
        case 'extension': {
          const bytes = this.#collect(state.size + padding(state.size))
          if (bytes === undefined) return undefined
          this.#extensions.add(state.flag, bytes.subarray(0, state.size), this.position)
          this.#state = HEADER
          break
        }
        case 'old-sparse': {
          const block = this.#collect(BLOCK)
          if (block === undefined) return undefined
          if (readOldExtents(block, state.extents, this.position)) break
          return this.#begin(state.header, state.extents)
        }
        case 'map': {
          if (state.header.storedSize < BLOCK) throw tarError('the sparse map is cut off', this.position)
          const block = this.#collect(BLOCK)
          if (block === undefined) return undefined
          state.header.storedSize -= BLOCK
          const extents = state.reader.add(block)
          if (extents === undefined) break
          return this.#begin(state.header, extents)
        }
        case 'body':
          return this.#body()
        case 'skip':
          if (!this.#skip()) return undefined
          this.#state = HEADER
          break
        case 'finished':
          this.#at = this.#chunk.length
          return undefined
      }
    }
  }

  /**
   * Says that no more bytes come. An archive may lack the zero blocks at its end, and the padding of its last entry (umoci leaves it out).
   * @throws UserError when it stops inside an entry.
   */
  finish(): void {
    const { at } = this.#state
    if (at === 'finished' || (at === 'skip' && this.#skipBytes < BLOCK)) return
    const between = (at === 'header' || at === 'zero') && this.#filled === 0 && !this.#extensions.pending
    if (!between) throw tarError('the archive ends in the middle of an entry', this.position)
  }

  /** Bytes of the archive read so far. */
  get position(): number {
    return this.#before + this.#at
  }

  /** The next `size` bytes in one piece, copied only where they span chunks. */
  #collect(size: number): Buffer | undefined {
    const from = this.#at
    const available = this.#chunk.length - from
    if (this.#filled === 0) {
      if (available >= size) {
        this.#at += size
        return this.#chunk.subarray(from, from + size)
      }
      this.#gathered = size === BLOCK ? this.#block : Buffer.allocUnsafe(size)
    }
    const taken = Math.min(size - this.#filled, available)
    this.#chunk.copy(this.#gathered, this.#filled, from, from + taken)
    this.#at += taken
    this.#filled += taken
    if (this.#filled < size) return undefined
    this.#filled = 0
    return this.#gathered
  }

  #header(block: Buffer, afterZero: boolean): TarEvent | undefined {
    const start = this.position - BLOCK
    if (block[0] === 0 && isZero(block)) {
      if (this.#extensions.pending) throw tarError('an extended header without a file', start)
      this.#state = afterZero ? { at: 'finished' } : { at: 'zero' }
      return undefined
    }
    if (afterZero) throw tarError('an entry follows a lone zero block', start)
    const header = parseHeader(block, start)
    const flag = header.flag
    if (isExtension(flag)) {
      checkExtensionSize(header.storedSize, start)
      this.#state = { at: 'extension', flag, size: header.storedSize }
      return undefined
    }
    if (flag === 'V') {
      this.#skipThen(header.storedSize + padding(header.storedSize))
      return undefined
    }
    return this.#file(header, block, start)
  }

  #file(header: StoredHeader, block: Buffer, start: number): TarEvent | undefined {
    const sparse = this.#extensions.apply(header, start)
    header.type = typeOf(header, start)
    if (header.flag === 'S') {
      const extents: Extent[] = []
      if (!readOldExtents(block, extents, start)) return this.#begin(header, extents)
      this.#state = { at: 'old-sparse', header, extents }
      return undefined
    }
    if (header.type === 'file' && sparse?.kind === 'map-in-data') {
      this.#state = { at: 'map', header, reader: new MapReader(start) }
      return undefined
    }
    return this.#begin(header, header.type === 'file' ? sparse?.extents : undefined)
  }

  /** Hands out the entry whose header is complete; then its body comes. */
  #begin(header: StoredHeader, extents: readonly Extent[] | undefined): TarEvent {
    const { flag, storedSize, gnuSparse: _, ...entry } = header
    if (entry.type !== 'file') {
      entry.size = 0
      // The size of a link, device or directory means no data: pax says so, and some programs write the target's size there.
      const bodyless = flag !== '0' && flag !== 'D'
      this.#extents = []
      this.#skipBytes = bodyless ? 0 : storedSize + padding(storedSize)
    } else if (extents === undefined) {
      entry.size = storedSize
      this.#extents = storedSize === 0 ? [] : [{ offset: 0, length: storedSize }]
      this.#skipBytes = padding(storedSize)
    } else {
      entry.sparse = this.#extents = checkExtents(extents, entry.size, storedSize, this.position)
      this.#skipBytes = padding(storedSize)
    }
    this.#extent = 0
    this.#done = 0
    this.#state = BODY
    return { kind: 'header', header: entry }
  }

  #body(): TarEvent | undefined {
    const extent = this.#extents[this.#extent]
    if (extent === undefined) {
      this.#state = SKIP
      return END
    }
    const from = this.#at
    const length = Math.min(extent.length - this.#done, this.#chunk.length - from)
    if (length === 0) return undefined
    const offset = extent.offset + this.#done
    this.#at += length
    this.#done += length
    if (this.#done === extent.length) {
      this.#extent++
      this.#done = 0
    }
    return { kind: 'data', offset, bytes: this.#chunk.subarray(from, from + length) }
  }

  #skipThen(bytes: number): void {
    this.#skipBytes = bytes
    this.#state = SKIP
  }

  #skip(): boolean {
    const skipped = Math.min(this.#skipBytes, this.#chunk.length - this.#at)
    this.#at += skipped
    this.#skipBytes -= skipped
    return this.#skipBytes === 0
  }
}
