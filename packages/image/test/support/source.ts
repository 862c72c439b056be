/** A source made of images in memory, that counts what is read and can be cut. */
import type { Root, Source } from '../../src/copy/medium.ts'
import { digestOf } from '../../src/digest.ts'
import { parseReference } from '../../src/reference.ts'
import type { Descriptor } from '../../src/schema.ts'
import type { TestImage } from './archives.ts'

export class MemorySource implements Source {
  readonly location = 'memory:'
  /** Bytes of each blob that were given out, by digest. */
  readonly given = new Map<string, number>()
  /** Called before each chunk of a layer; throws to cut it. */
  onChunk: (digest: string, offset: number) => Promise<void> | void = () => {}
  readonly #roots: Root[]
  readonly #blobs = new Map<string, Buffer>()
  readonly #chunkBytes: number

  constructor(images: Record<string, TestImage>, chunkBytes = 1000) {
    this.#chunkBytes = chunkBytes
    this.#roots = Object.entries(images).map(([name, { descriptor }]) => ({
      descriptor,
      names: [parseReference(name)],
    }))
    for (const { layers, config, manifest } of Object.values(images)) {
      for (const bytes of [...layers, config, manifest]) this.#blobs.set(digestOf(bytes), bytes)
    }
  }

  async roots(): Promise<Root[]> {
    return this.#roots
  }

  async read(_what: string, { digest }: Descriptor): Promise<Buffer> {
    return this.#bytes(digest)
  }

  async *open({ digest }: Descriptor, offset: number): AsyncGenerator<Uint8Array> {
    const bytes = this.#bytes(digest)
    for (let at = offset; at < bytes.length; at += this.#chunkBytes) {
      await this.onChunk(digest, at)
      const chunk = bytes.subarray(at, at + this.#chunkBytes)
      this.given.set(digest, (this.given.get(digest) ?? 0) + chunk.length)
      yield chunk
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #bytes(digest: string): Buffer {
    const bytes = this.#blobs.get(digest)
    if (bytes === undefined) throw new Error(`no blob ${digest}`)
    return bytes
  }
}
