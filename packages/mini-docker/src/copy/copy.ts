/** Both directions of `cp`. */
import type { Engine } from '../client/engine.ts'
import { containerPath } from '../client/containers.ts'
import { CliError } from '../cli/errors.ts'
import type { Terminal } from '../cli/terminal.ts'
import { humanSize } from '../format/units.ts'
import { isDirectory, linkTargetOf, readStat, statPath, unwritable, type PathStat } from './container-path.ts'
import { absolute, checkOutput, destinationPoint, packLocal, sourcePoint, unpackLocal } from './local.ts'
import { asArchived, placeCopy, rebaseNameOf, type CopyPoint } from './paths.ts'

export type CopyOptions = { archive: boolean; followLink: boolean; quiet: boolean }

export async function copyFromContainer(
  engine: Engine,
  terminal: Terminal,
  { container, path: asked }: { container: string; path: string },
  destination: string,
  { followLink, quiet }: CopyOptions,
): Promise<void> {
  const target = destination === '-' ? '-' : absolute(destination)
  checkOutput(target)
  const { path, rebaseName } = followLink ? await followed(engine, container, asked) : { path: asked, rebaseName: '' }
  const answer = await engine.stream('GET', containerPath(container, 'archive'), { query: { path } })
  if (target === '-') {
    for await (const bytes of answer.body()) await terminal.write(1, bytes)
    return
  }
  const source = { path, exists: true, isDirectory: isDirectory(readStat(answer.head.headers)), rebaseName }
  const placement = placeCopy(source, destinationPoint(target))
  const counted = new Counted(answer.body())
  await unpackLocal(counted, asArchived(source, placement))
  if (!quiet) terminal.err(`Successfully copied ${humanSize(counted.bytes, 3)} to ${target}\n`)
}

/** The path that a link in the container leads to, and the name its copy is to have. */
async function followed(
  engine: Engine,
  container: string,
  path: string,
): Promise<{ path: string; rebaseName: string }> {
  const stat = await tryStat(engine, container, path)
  const target = stat === undefined ? undefined : linkTargetOf(stat, path)
  return target === undefined ? { path, rebaseName: '' } : rebaseNameOf(path, target)
}

export async function copyToContainer(
  engine: Engine,
  terminal: Terminal,
  source: string,
  { container, path }: { container: string; path: string },
  { archive, followLink, quiet }: CopyOptions,
): Promise<void> {
  const local = source === '-' ? undefined : absolute(source)
  const destination = await containerPoint(engine, container, path)
  const upload = async (directory: string, body: AsyncIterable<Uint8Array>): Promise<void> => {
    const query = { path: directory, noOverwriteDirNonDir: 'true', copyUIDGID: archive ? 'true' : undefined }
    await engine.text('PUT', containerPath(container, 'archive'), { query, body })
  }
  if (local === undefined) {
    if (!destination.isDirectory) throw new CliError(`destination "${container}:${path}" must be a directory`)
    await engine.negotiate()
    return upload(destination.path, terminal.stdin())
  }
  const point = sourcePoint(local, followLink)
  const placement = placeCopy(point, destination)
  const counted = new Counted(packLocal(point, placement))
  await engine.negotiate()
  await upload(placement.directory, counted)
  if (!quiet) terminal.err(`Successfully copied ${humanSize(counted.bytes, 3)} to ${container}:${destination.path}\n`)
}

/** The destination in the container, its link followed. That there is nothing is no error yet: its parent may be there. */
async function containerPoint(engine: Engine, container: string, path: string): Promise<CopyPoint> {
  let at = path
  let stat = await tryStat(engine, container, path)
  const target = stat === undefined ? undefined : linkTargetOf(stat, path)
  if (target !== undefined) {
    at = target
    stat = await tryStat(engine, container, target)
  }
  const reason = stat === undefined ? undefined : unwritable(stat)
  if (reason !== undefined)
    throw new CliError(`destination "${container}:${path}" must be a directory or a regular file: ${reason}`)
  return { path: at, exists: stat !== undefined, isDirectory: stat !== undefined && isDirectory(stat), rebaseName: '' }
}

async function tryStat(engine: Engine, container: string, path: string): Promise<PathStat | undefined> {
  try {
    return await statPath(engine, container, path)
  } catch (error) {
    if (error instanceof Error && error.name === 'ApiError') return undefined
    throw error
  }
}

/** Counts the bytes that went through. */
class Counted implements AsyncIterable<Uint8Array> {
  bytes = 0
  readonly #source: AsyncIterable<Uint8Array>

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#source) {
      this.bytes += chunk.length
      yield chunk
    }
  }
}
