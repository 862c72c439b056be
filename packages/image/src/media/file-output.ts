/** An archive on its way to a file, which appears when it is whole; to a pipe or device it goes byte by byte. */
import { open, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { UserError } from '@mini-docker/syscall'
import { writeAll } from '../store/durable.ts'
import type { ArchiveOutput } from './archive-sink.ts'
import { WholeFile } from './whole-file.ts'

export class FileOutput implements ArchiveOutput {
  readonly #path: string
  #target: { whole: WholeFile } | { stream: FileHandle } | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** @throws UserError `not-found` without the directory, `invalid` for a directory, `unavailable` when the disk is full. */
  async write(chunk: Uint8Array): Promise<void> {
    this.#target ??= await openTarget(this.#path)
    if ('whole' in this.#target) await this.#target.whole.write(chunk)
    else await writeAll(this.#target.stream, chunk)
  }

  async finish(): Promise<void> {
    if (this.#target !== undefined && 'whole' in this.#target) await this.#target.whole.commit(basename(this.#path))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#target === undefined) return
    if ('whole' in this.#target) await this.#target.whole[Symbol.asyncDispose]()
    else await this.#target.stream.close()
  }
}

/** A file in place of /dev/null or /dev/stdout would be a disaster. */
async function openTarget(path: string): Promise<{ whole: WholeFile } | { stream: FileHandle }> {
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory() === true)
    throw new UserError('invalid', `${path} is a directory`, { hint: 'name a file in it' })
  if (found !== undefined && !found.isFile()) return { stream: await open(path, 'w') }
  const directory = dirname(path)
  const whole = await WholeFile.create(directory).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    throw new UserError('not-found', `there is no directory ${directory}`, { cause })
  })
  return { whole }
}
