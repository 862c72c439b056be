/**
 * Decompression of layers and of whole archives. What a stream is, its first bytes say; the media type is not asked, since real
 * images lie there and docker does not ask either.
 */
import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib'
import { UserError } from '@mini-docker/syscall'

export type Compression = 'none' | 'gzip' | 'zstd'

const MAGIC: [Compression | 'bzip2' | 'xz', number[]][] = [
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
]
export const MAGIC_BYTES = 6
/** Fewer and larger chunks: each one is a trip through the thread pool. */
const CHUNK_BYTES = 256 * 1024

/**
 * What the first bytes (at least MAGIC_BYTES of them, if there are as many) say.
 * @throws UserError `not-built` for bzip2 and xz, naming `what`.
 */
export function sniff(what: string, head: Uint8Array): Compression {
  const found = MAGIC.find(([, magic]) => magic.every((byte, i) => head[i] === byte))?.[0] ?? 'none'
  if (found !== 'bzip2' && found !== 'xz') return found
  const tool = found === 'xz' ? 'xz -d' : 'bzip2 -d'
  throw new UserError('not-built', `${what} is compressed with ${found}, which is not supported`, {
    hint: `decompress it first: ${tool} < FILE | image load -`,
  })
}

/**
 * The uncompressed bytes of `input`, in one pass and with bounded memory. Ends early with `return()`; errors of the input pass
 * through, errors of the compressed data become a UserError that names `what`.
 */
export async function* decompress(what: string, input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { head, whole, cancel } = await peek(input, MAGIC_BYTES)
  try {
    const compression = sniff(what, head)
    if (compression === 'none') yield* whole
    else yield* inflate(what, whole, compression)
  } finally {
    await cancel()
  }
}

type Inflater = Gunzip | ZstdDecompress

/**
 * Runs one inflater after the other: Node's zstd stops at the end of a frame, and files of many frames are common (zstd:chunked
 * has one for each file). Gunzip goes on to further members by itself and leaves only padding.
 */
async function* inflate(
  what: string,
  input: AsyncIterable<Uint8Array>,
  compression: 'gzip' | 'zstd',
): AsyncGenerator<Uint8Array> {
  const source = new Source(input)
  for (let more = true; more;) {
    const inflater: Inflater =
      compression === 'gzip'
        ? createGunzip({ chunkSize: CHUNK_BYTES })
        : createZstdDecompress({ chunkSize: CHUNK_BYTES })
    const fed = feed(inflater, source)
    // Its error is thrown below; it must only not count as unhandled until then.
    fed.catch(() => {})
    try {
      yield* inflater as AsyncIterable<Uint8Array>
      more = (await fed) === 'frame ended' && compression === 'zstd'
    } catch (cause) {
      if (source.error !== undefined) throw source.error
      if (!isZlibError(cause)) throw cause
      throw new UserError('invalid', `${what} is damaged: ${cause.message}`, { cause })
    } finally {
      inflater.destroy()
    }
  }
}

/** Gives the inflater what it takes; what lies behind the end of its frame goes back to the source. */
async function feed(inflater: Inflater, source: Source): Promise<'frame ended' | 'input ended'> {
  try {
    for (let chunk = await source.next(); chunk !== undefined; chunk = await source.next()) {
      const before = inflater.bytesWritten
      await new Promise<void>((resolve, reject) => {
        inflater.write(chunk, (error) => (error ? reject(error) : resolve()))
      })
      const taken = inflater.bytesWritten - before
      if (taken === chunk.length) continue
      source.unread(chunk.subarray(taken))
      return 'frame ended'
    }
    inflater.end()
    return 'input ended'
  } catch (error) {
    inflater.destroy(error as Error)
    throw error
  }
}

/** An input from which a piece can be put back. */
class Source {
  readonly #iterator: AsyncIterator<Uint8Array>
  #unread: Uint8Array | undefined
  /** What the input itself threw, so that it is not taken for damaged data. */
  error: unknown

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#iterator = input[Symbol.asyncIterator]()
  }

  async next(): Promise<Uint8Array | undefined> {
    const unread = this.#unread
    this.#unread = undefined
    if (unread !== undefined) return unread
    try {
      const { done, value } = await this.#iterator.next()
      return done === true ? undefined : value
    } catch (error) {
      this.error = error
      throw error
    }
  }

  unread(bytes: Uint8Array): void {
    this.#unread = bytes
  }
}

type Peeked = { head: Uint8Array; whole: AsyncIterable<Uint8Array>; cancel: () => Promise<void> }

/** The first `count` bytes, the whole stream again from its start, and a way to close it if nobody reads it. */
export async function peek(input: AsyncIterable<Uint8Array>, count: number): Promise<Peeked> {
  const iterator = input[Symbol.asyncIterator]()
  const taken: Uint8Array[] = []
  let bytes = 0
  while (bytes < count) {
    const next = await iterator.next()
    if (next.done === true) break
    taken.push(next.value)
    bytes += next.value.length
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    try {
      yield* taken
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value
    } finally {
      await cancel()
    }
  }
  const cancel = async (): Promise<void> => void (await iterator.return?.())
  return { head: Buffer.concat(taken).subarray(0, count), whole: whole(), cancel }
}

function isZlibError(error: unknown): error is Error {
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' && /^(Z_|ZSTD_|ERR_ZSTD|ERR_BUFFER_TOO_LARGE)/.test(code)
}
