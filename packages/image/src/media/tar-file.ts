/**
 * An archive that is a file, as a place of files: its headers are read, its contents jumped over, and read where they lie when
 * somebody wants them. So an archive of any size is open in a moment and needs no room on the disk.
 */
import type { FileHandle } from 'node:fs/promises'
import { Sha256, type Digest } from '../digest.ts'
import { JSON_BYTES_MAX, tooBig } from '../json.ts'
import { TarParser } from '../tar/index.ts'
import { padding } from '../tar/block.ts'
import { tarError } from '../tar/entry.ts'
import { ArchiveEntries } from './archive-entries.ts'
import { lacks, type ArchiveFiles } from './archive-files.ts'
import { readFrom } from './files.ts'

/** Where a file's content lies in the archive, in bytes. */
type Extent = { start: number; end: number }

/** A header and the pax header before it; bodies between are passed over by reading elsewhere. */
const HEADER_READ_BYTES = 4096

export class TarFile implements ArchiveFiles {
  readonly #file: FileHandle
  readonly #entries: ArchiveEntries<Extent>

  private constructor(file: FileHandle, entries: ArchiveEntries<Extent>) {
    this.#file = file
    this.#entries = entries
  }

  /**
   * Reads all headers. The file is the TarFile's from then on, and closed with it.
   * @throws UserError `invalid` for what is no archive, is cut off or leads out of itself.
   */
  static async open(file: FileHandle): Promise<TarFile> {
    return new TarFile(file, await readEntries(file))
  }

  has(path: string): boolean {
    return this.#entries.find(path) !== undefined
  }

  async document(what: string, path: string): Promise<Buffer> {
    const { start, end } = this.#extent(what, path)
    if (end - start > JSON_BYTES_MAX) throw tooBig(what, end - start)
    const chunks = await Array.fromAsync(readFrom(this.#file, start, end))
    return Buffer.concat(chunks)
  }

  async *open(what: string, path: string, offset: number): AsyncGenerator<Uint8Array> {
    const { start, end } = this.#extent(what, path)
    yield* readFrom(this.#file, start + offset, end)
  }

  async identify(what: string, path: string): Promise<{ digest: Digest; size: number }> {
    const hash = new Sha256()
    for await (const chunk of this.open(what, path, 0)) hash.update(chunk)
    return { digest: hash.digest(), size: hash.bytes }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
  }

  #extent(what: string, path: string): Extent {
    const extent = this.#entries.find(path)
    if (extent !== undefined) return extent
    throw lacks(what)
  }
}

async function readEntries(file: FileHandle): Promise<ArchiveEntries<Extent>> {
  const entries = new ArchiveEntries<Extent>()
  const { size } = await file.stat()
  let parser = new TarParser()
  /** Where this parser began, and how far the file was read. */
  let [base, at] = [0, 0]
  for (;;) {
    const event = parser.next()
    if (event === undefined) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(HEADER_READ_BYTES), 0, HEADER_READ_BYTES, at)
      if (bytesRead === 0) break
      parser.push(buffer.subarray(0, bytesRead))
      at += bytesRead
    } else if (event.kind === 'header') {
      const { header } = event
      const start = base + parser.position
      const extent = { start, end: start + header.size }
      if (header.sparse !== undefined) throw tarError(`${header.path} is stored as a sparse file`, start)
      if (extent.end > size) throw tarError('the archive ends in the middle of an entry', size)
      await entries.add(header, () => extent)
      if (header.type !== 'file' || header.size === 0) continue
      base = at = extent.end + padding(header.size)
      parser = new TarParser()
    }
  }
  parser.finish()
  return entries
}
