/**
 * The header that hands the user's credentials to the daemon. Reading docker's configuration in full costs as much as all the rest of
 * a small pull, so the common case, that there are none at all, is seen first.
 */
import { existsSync, readFileSync } from 'node:fs'
import type { Terminal } from '../cli/terminal.ts'
import { configPath } from './places.ts'

/** `{}`, in base64. */
const NOBODY = 'e30='

/**
 * The credentials for `server`; `{}` when there are none. A configuration or a helper that is broken is told on stderr, and
 * keeps no public image away.
 */
export async function registryAuth(server: string, terminal: Terminal): Promise<{ 'X-Registry-Auth': string }> {
  if (hasNoCredentials(terminal.env)) return { 'X-Registry-Auth': NOBODY }
  const { encodeStoredAuth } = await import('./stored-auth.ts')
  return { 'X-Registry-Auth': await encodeStoredAuth(server, terminal) }
}

/** Helpers that docker takes where config.json names none, when they are installed. */
const DETECTED = ['docker-credential-pass', 'docker-credential-secretservice']

/** True when nothing is kept in the file, and no helper could keep it elsewhere. A file that is not understood may keep anything. */
function hasNoCredentials(env: Terminal['env']): boolean {
  const directories = (env['PATH'] ?? '').split(':').filter((directory) => directory !== '')
  if (directories.some((directory) => DETECTED.some((helper) => existsSync(`${directory}/${helper}`)))) return false
  try {
    const { auths, credsStore, credHelpers } = JSON.parse(readFileSync(configPath(env), 'utf8')) as Record<
      string,
      unknown
    >
    return isEmpty(auths) && !credsStore && isEmpty(credHelpers)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0)
}
