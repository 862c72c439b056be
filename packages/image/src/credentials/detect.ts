/** Which credential helper docker takes when none is configured: pass where it is installed, else the desktop's keyring. */
import { access, constants } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'

/** The helper's name, or undefined when its program is not on `path` (a PATH). */
export async function detectHelper(path: string): Promise<string | undefined> {
  const name = (await isOnPath('pass', path)) ? 'pass' : 'secretservice'
  return (await isOnPath(`docker-credential-${name}`, path)) ? name : undefined
}

async function isOnPath(program: string, path: string): Promise<boolean> {
  const tries = path
    .split(':')
    .filter((directory) => isAbsolute(directory))
    .map((directory) => access(join(directory, program), constants.X_OK))
  return (await Promise.allSettled(tries)).some(({ status }) => status === 'fulfilled')
}
