/** A source whose name was looked up already: docker tells that it pulls only once the registry knows the name. */
import type { Descriptor, Digest, Reference, Root, Source } from '@mini-docker/image'

export class Resolved implements Source {
  readonly location: string
  readonly #source: Source
  readonly #roots: Root[]

  constructor(source: Source, roots: Root[]) {
    this.location = source.location
    this.#source = source
    this.#roots = roots
  }

  roots(): Promise<Root[]> {
    return Promise.resolve(this.#roots)
  }

  read(what: string, descriptor: Descriptor): Promise<Buffer> {
    return this.#source.read(what, descriptor)
  }

  open(descriptor: Descriptor, offset: number): AsyncIterable<Uint8Array> {
    return this.#source.open(descriptor, offset)
  }

  repositoriesWith(digest: Digest): readonly Reference[] {
    return this.#source.repositoriesWith?.(digest) ?? []
  }

  /** The source stays open: who opened it closes it. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
