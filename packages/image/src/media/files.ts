/**
 * The files of a layout or directory that anyone may have made. What is read must be a regular file: opening a fifo would wait for
 * ever, and a device would not end.
 */
import { constants, existsSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '@mini-docker/syscall'
import { Sha256 } from '../digest.ts'
import { JSON_BYTES_MAX, tooBig } from '../json.ts'
import type { Descriptor } from '../schema.ts'
import { requireExpected } from '../store/blob-writer.ts'

/** Files by their names in a layout, wherever that lies: in a directory or in a tar. */
export interface Files extends AsyncDisposable {
  /** A whole small file that has no digest to check, like `index.json`. @throws UserError `not-found`; `invalid` over 4 MiB. */
  document(what: string, path: string): Promise<Buffer>
  has(path: string): Promise<boolean> | boolean
  /** The bytes of a blob from `offset` on, unchecked. */
  open(what: string, path: string, offset: number): AsyncIterable<Uint8Array>
}

/** A manifest or config. @throws UserError `invalid` when digest or size are not the descriptor's, or it is over 4 MiB. */
export async function readBlob(files: Files, what: string, path: string, descriptor: Descriptor): Promise<Buffer> {
  const { digest, size } = descriptor
  if (size > JSON_BYTES_MAX) throw tooBig(`${what} ${digest}`, size)
  const hash = new Sha256()
  const chunks: Uint8Array[] = []
  for await (const chunk of files.open(`${what} ${digest}`, path, 0)) {
    hash.update(chunk)
    chunks.push(chunk)
    if (hash.bytes > size) break
  }
  requireExpected({ digest: hash.digest(), size: hash.bytes }, { digest, size })
  return Buffer.concat(chunks)
}

/**
 * A directory. Documents are not read through symbolic links: an error about a document that is no JSON would show the first bytes of
 * whatever the link leads to. Blobs are: some tools make layouts of links, and nobody looks at a blob before its digest is checked.
 */
export class DirectoryFiles implements Files {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  async document(what: string, path: string): Promise<Buffer> {
    await using file = await openRegular(what, join(this.#directory, path), constants.O_NOFOLLOW)
    const { size } = await file.stat()
    if (size > JSON_BYTES_MAX) throw tooBig(what, size)
    return await file.readFile()
  }

  has(path: string): boolean {
    return existsSync(join(this.#directory, path))
  }

  async *open(what: string, path: string, offset: number): AsyncGenerator<Uint8Array> {
    await using file = await openRegular(what, join(this.#directory, path))
    yield* readFrom(file, offset)
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

const READ_BYTES = 256 * 1024

/** The bytes of an open file from `offset` to `end`, in chunks of 256 KiB. */
export async function* readFrom(file: FileHandle, offset: number, end = Infinity): AsyncGenerator<Uint8Array> {
  for (let at = offset; at < end;) {
    // A fresh buffer each time: the reader may keep it while the next one is read.
    const length = Math.min(READ_BYTES, end - at)
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(length), 0, length, at)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
    at += bytesRead
  }
}

/** Opens for reading. @throws UserError `not-found` when it is missing, `invalid` when it is no regular file. */
export async function openRegular(what: string, path: string, flags = 0): Promise<FileHandle> {
  const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants
  const file = await open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | flags).catch((cause: unknown) =>
    Promise.reject(openError(what, path, cause)),
  )
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw new UserError('invalid', `${what} is no regular file: ${path}`)
}

function openError(what: string, path: string, cause: unknown): unknown {
  const code = (cause as { code?: unknown }).code
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new UserError('not-found', `${what} is missing: ${path}`, { cause })
  if (code === 'ELOOP') return new UserError('invalid', `${what} is a symbolic link: ${path}`, { cause })
  // A socket.
  if (code === 'ENXIO') return new UserError('invalid', `${what} is no regular file: ${path}`, { cause })
  return cause
}
