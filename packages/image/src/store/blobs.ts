/** The blobs of a store: files named by the sha256 of what is in them. They come in whole and checked, and never change. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { UserError } from '@mini-docker/syscall'
import { digestOf, type Digest } from '../digest.ts'
import { JSON_BYTES_MAX, tooBig } from '../json.ts'
import { BlobWriter, type Expected, type StoredBlob } from './blob-writer.ts'
import type { StorePaths } from './paths.ts'

const READ_BYTES = 256 * 1024

export class Blobs {
  readonly #paths: StorePaths
  constructor(paths: StorePaths) {
    this.#paths = paths
  }

  /** The size in bytes, or undefined when the store does not have it. */
  size(digest: Digest): number | undefined {
    return statSync(this.#paths.blob(digest), { throwIfNoEntry: false })?.size
  }

  /**
   * A small blob (manifest, config, index), its digest checked.
   * @throws UserError `not-found`, or `invalid` when it is over 4 MiB or not what its name says.
   */
  read(what: string, digest: Digest): Buffer {
    const bytes = readCapped(`${what} ${digest}`, this.#paths.blob(digest))
    const actual = digestOf(bytes)
    if (actual === digest) return bytes
    throw new UserError('invalid', `${what} ${digest} is corrupt on the disk: it has the digest ${actual}`, {
      hint: 'remove the image and load it again',
    })
  }

  /** The bytes of a blob, unchecked: who reads it hashes as it goes by. */
  async *stream(digest: Digest, offset = 0): AsyncGenerator<Uint8Array> {
    yield* readFile(this.#paths.blob(digest), `blob ${digest}`, offset)
  }

  /** Something to write a blob into, when its digest is known only afterwards. */
  writer(): Promise<BlobWriter> {
    return BlobWriter.open(this.#paths)
  }

  /**
   * Stores a stream. On any error, nothing is stored.
   * @throws UserError `invalid` when digest or size are not as expected; `unavailable` when the disk is full.
   */
  async ingest(stream: AsyncIterable<Uint8Array> | Uint8Array, expected: Expected = {}): Promise<StoredBlob> {
    await using writer = await this.writer()
    let bytes = 0
    for await (const chunk of stream instanceof Uint8Array ? [stream] : stream) {
      bytes += chunk.length
      if (expected.size !== undefined && bytes > expected.size) {
        const name = expected.digest ?? 'blob'
        throw new UserError('invalid', `${name} is longer than the ${expected.size} bytes expected`)
      }
      await writer.write(chunk)
    }
    const blob = await writer.finish(expected)
    await writer.commit(blob.digest)
    return blob
  }
}

/** The bytes of a file from `offset` on, in chunks of 256 KiB. Closes the file when the reader stops. */
export async function* readFile(path: string, what: string, offset = 0): AsyncGenerator<Uint8Array> {
  await using file = await open(path, 'r').catch((error: unknown) => Promise.reject(absent(error, what)))
  // A fresh buffer for each chunk: the reader may keep it while the next one is read.
  for (let at = offset; ;) {
    const chunk = Buffer.allocUnsafeSlow(READ_BYTES)
    const { bytesRead } = await file.read(chunk, 0, READ_BYTES, at)
    if (bytesRead === 0) return
    yield chunk.subarray(0, bytesRead)
    at += bytesRead
  }
}

/** A whole small file; refuses larger ones before reading them. */
export function readCapped(what: string, path: string): Buffer {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    throw absent(error, what)
  }
  try {
    const { size } = fstatSync(fd)
    if (size > JSON_BYTES_MAX) throw tooBig(what, size)
    const bytes = Buffer.alloc(size)
    let filled = 0
    while (filled < size) {
      const count = readSync(fd, bytes, filled, size - filled, null)
      if (count === 0) break
      filled += count
    }
    return bytes.subarray(0, filled)
  } finally {
    closeSync(fd)
  }
}

function absent(error: unknown, what: string): unknown {
  if ((error as { code?: unknown }).code !== 'ENOENT') return error
  return new UserError('not-found', `${what} is missing in the store`, { cause: error, hint: 'see: image verify' })
}
