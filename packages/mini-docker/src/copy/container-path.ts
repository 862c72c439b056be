/** Asking the daemon what a path in a container is. */
import { posix } from 'node:path'
import { containerPath } from '../client/containers.ts'
import type { Engine } from '../client/engine.ts'

/** Docker's ContainerPathStat; `mode` as Go's FileMode. */
export type PathStat = { name: string; size: number; mode: number; mtime: string; linkTarget: string }

const [GO_DIRECTORY, GO_SYMLINK, GO_DEVICE, GO_IRREGULAR] = [2 ** 31, 2 ** 27, 2 ** 26, 2 ** 19]

/** @throws ApiError where there is nothing. */
export async function statPath(engine: Engine, container: string, path: string): Promise<PathStat> {
  const answer = await engine.stream('HEAD', containerPath(container, 'archive'), { query: { path } })
  await answer.text()
  answer.close()
  return readStat(answer.head.headers)
}

/** From the header of an answer. */
export function readStat(headers: ReadonlyMap<string, string>): PathStat {
  const text = headers.get('x-docker-container-path-stat')
  if (text === undefined) throw new Error('the daemon did not say what the path is')
  return JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as PathStat
}

export function isDirectory({ mode }: PathStat): boolean {
  return hasBit(mode, GO_DIRECTORY)
}

/** Where a link leads, by the path that was asked for; undefined for what is no link. */
export function linkTargetOf({ mode, linkTarget }: PathStat, path: string): string | undefined {
  if (!hasBit(mode, GO_SYMLINK)) return undefined
  return linkTarget.startsWith('/') ? linkTarget : posix.join(posix.dirname(path), linkTarget)
}

/** Why nothing can be written there; undefined where something can. */
export function unwritable({ mode }: PathStat): string | undefined {
  if (hasBit(mode, GO_DEVICE)) return 'got a device'
  return hasBit(mode, GO_IRREGULAR) ? 'got an irregular file' : undefined
}

/** Beyond what the bit operators of JavaScript can tell. */
function hasBit(mode: number, bit: number): boolean {
  return Math.floor(mode / bit) % 2 === 1
}
