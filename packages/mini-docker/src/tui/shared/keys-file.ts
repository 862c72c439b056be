/** The file in which a person says which key does what: `keys.json` beside docker's config.json. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { configPath } from '../../client/places.ts'
import { bindingsFrom, type Bindings } from './bindings.ts'

export function keysPath(env: Record<string, string | undefined>): string {
  return env['MINI_DOCKER_KEYS'] || join(dirname(configPath(env)), 'keys.json')
}

/** The bindings of one screen. A file that is not there changes nothing; one that cannot be read is a problem to be told. */
export function readBindings<Action extends string>(
  env: Record<string, string | undefined>,
  screen: string,
  defaults: Bindings<Action>,
): { bindings: Bindings<Action>; problems: string[] } {
  let text: string
  try {
    text = readFileSync(keysPath(env), 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { bindings: defaults, problems: code === 'ENOENT' || code === 'ENOTDIR' ? [] : [message] }
  }
  return bindingsFrom(text, screen, defaults)
}
