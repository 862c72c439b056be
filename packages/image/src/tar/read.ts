/** Reading a tar archive entry by entry, in constant memory. */
import { Buffer } from 'node:buffer'
import type { Extent, TarHeader } from './entry.ts'
import { TarParser, type TarEvent } from './parser.ts'

/**
 * One entry of an archive being read. The body can be read once, and only until the next entry is asked for; what is
 * not read is passed over.
 */
export type TarEntry = TarHeader & {
  /** The file's content, `size` bytes; holes of a sparse file come as zeros. */
  readonly body: AsyncIterable<Uint8Array>
  /** The content without its holes, as `writeTar` takes it. Same as `body` for all but sparse files. */
  readonly data: AsyncIterable<Uint8Array>
}

/**
 * The entries of an archive: ustar, pax, GNU and V7, all sparse formats. Reads the input to its end, what follows the
 * archive's end included, so that a digest of the input is complete.
 * @throws UserError where the input is no archive, or ends inside an entry.
 */
export async function* readTar(input: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry, void, undefined> {
  const parser = new TarParser()
  const chunks = input[Symbol.asyncIterator]()
  const next = async (): Promise<TarEvent | undefined> => {
    for (;;) {
      const event = parser.next()
      if (event !== undefined) return event
      const { done, value } = await chunks.next()
      if (done === true) {
        parser.finish()
        return undefined
      }
      parser.push(value)
    }
  }
  try {
    for (;;) {
      const event = await next()
      if (event === undefined) return
      if (event.kind !== 'header') continue
      const { header } = event
      const pieces = readPieces(next)
      const entry = Object.assign(header, {
        body: header.sparse === undefined ? bytesOf(pieces) : withHoles(pieces, header.size),
        data: bytesOf(pieces),
      })
      yield entry
      for await (const _ of pieces) {
        // The rest of a body nobody wanted.
      }
    }
  } finally {
    await chunks.return?.()
  }
}

type Piece = { offset: Extent['offset']; bytes: Buffer }

/** The data events of the current entry. Ends for good at the entry's end, however often it is asked. */
function readPieces(next: () => Promise<TarEvent | undefined>): AsyncIterable<Piece> {
  let ended = false
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        if (ended) return { done: true, value: undefined }
        const event = await next()
        if (event?.kind === 'data') return { done: false, value: event }
        ended = true
        return { done: true, value: undefined }
      },
    }),
  }
}

async function* bytesOf(pieces: AsyncIterable<Piece>): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of pieces) yield bytes
}

async function* withHoles(pieces: AsyncIterable<Piece>, size: number): AsyncGenerator<Uint8Array> {
  let at = 0
  for await (const { offset, bytes } of pieces) {
    yield* zeros(offset - at)
    yield bytes
    at = offset + bytes.length
  }
  yield* zeros(size - at)
}

const ZEROS = Buffer.alloc(64 * 1024)

function* zeros(count: number): Generator<Uint8Array> {
  for (let left = count; left > 0; left -= ZEROS.length) yield left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS
}
