/** Files that take long to make and are the same every time, kept from one run of the tests or the bench to the next. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Made once for each version of the source files that make it; under another name first, so that an interrupted run leaves nothing half made. */
export async function cached(
  makers: readonly string[],
  name: string,
  make: (path: string) => Promise<void>,
): Promise<string> {
  const path = join(cacheDirectory(makers), name)
  if (existsSync(path)) return path
  const temporary = `${path}.${process.pid}`
  try {
    await make(temporary)
    renameSync(temporary, path)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
  return path
}

/** Whether it has been made. */
export function isCached(makers: readonly string[], name: string): boolean {
  return existsSync(join(cacheDirectory(makers), name))
}

function cacheDirectory(makers: readonly string[]): string {
  const version = createHash('sha256')
  for (const file of makers) version.update(readFileSync(file))
  const base = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  const directory = join(base, 'mini-docker-made', version.digest('hex').slice(0, 12))
  mkdirSync(directory, { recursive: true })
  return directory
}
