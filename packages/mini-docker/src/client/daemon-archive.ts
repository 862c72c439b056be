/** The daemon's store as an end of a copy: an image comes out of it and goes into it as an archive, as with save and load. */
import type { Location } from '@mini-docker/image'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Terminal } from '../cli/terminal.ts'
import type { Engine } from './engine.ts'
import { showProgress } from './progress/show.ts'

/** A file in a directory of its own, which disposing removes. */
export class TemporaryArchive implements AsyncDisposable {
  readonly path: string
  readonly #directory: string

  private constructor(directory: string) {
    this.#directory = directory
    this.path = join(directory, 'image.tar')
  }

  static async make(): Promise<TemporaryArchive> {
    return new TemporaryArchive(await mkdtemp(join(tmpdir(), 'mini-docker-copy-')))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true })
  }
}

/**
 * Fetches an image out of the daemon into `archive`, and tells where it then lies.
 * @throws ApiError when the daemon does not have it.
 */
export async function fetchFromDaemon(
  engine: Engine,
  name: string,
  archive: TemporaryArchive,
  signal: AbortSignal,
): Promise<Location> {
  const answer = await engine.stream('GET', '/images/get', { query: { names: [name] } })
  await pipeline(answer.body(), createWriteStream(archive.path, { mode: 0o600 }), { signal })
  return { medium: 'docker-archive', file: archive.path, choice: { by: 'only' } }
}

/** Gives `archive` to the daemon, and tells what it says about it. */
export async function loadIntoDaemon(
  engine: Engine,
  archive: TemporaryArchive,
  quiet: boolean,
  terminal: Terminal,
): Promise<void> {
  await engine.negotiate()
  const answer = await engine.stream('POST', '/images/load', {
    query: { quiet: true },
    body: createReadStream(archive.path),
  })
  await showProgress(answer.body(), terminal, { quiet })
}
