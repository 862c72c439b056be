/** Small helpers for tests of archives: bytes in, bytes out. */
import { readTar, type TarEntry, type TarHeader } from '../../src/tar/index.ts'

export type Read = TarHeader & { content: Buffer; stored: Buffer }

/** All of a stream. */
export async function collect(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  // A chunk is only valid until the next is asked for.
  for await (const chunk of chunks) parts.push(Buffer.from(chunk))
  return Buffer.concat(parts)
}

/** The bytes as a stream of pieces of the given size. */
export async function* chunked(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** Every entry with its content. */
export async function readAll(archive: Uint8Array, size?: number): Promise<Read[]> {
  const entries: Read[] = []
  for await (const entry of readTar(chunked(archive, size))) {
    const content = await collect(entry.body)
    entries.push(Object.assign(withoutStreams(entry), { content, stored: content }))
  }
  return entries
}

export function withoutStreams(entry: TarEntry): TarHeader {
  const { body: _body, data: _data, ...header } = entry
  return header
}
