/** An archive on its way to a file, which appears when it is whole. */
import { basename, dirname } from 'node:path'
import type { ArchiveOutput } from './archive-sink.ts'
import { WholeFile } from './whole-file.ts'

export class FileOutput implements ArchiveOutput {
  readonly #path: string
  #file: WholeFile | undefined

  constructor(path: string) {
    this.#path = path
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#file ??= await WholeFile.create(dirname(this.#path))
    await this.#file.write(chunk)
  }

  async finish(): Promise<void> {
    await this.#file?.commit(basename(this.#path))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.[Symbol.asyncDispose]()
  }
}
