/**
 * A table of method and path pattern. `{name}` takes one segment; `{name*}` takes several, since image names have
 * slashes. The version prefix (`/v1.47`) is cut off before.
 */
import { UserError } from '@mini-docker/syscall'
import type { Exchange } from './exchange.ts'

export type Handler<E> = (exchange: Exchange, engine: E) => Promise<void> | void
/** `'GET /containers/{id}/json'` → handler. */
export type Routes<E> = Record<string, Handler<E>>

type Route<E> = { pattern: RegExp; names: string[]; handler: Handler<E> }

export const API_MINOR = 47
export const MIN_API_MINOR = 24

export class Router<E> {
  readonly #byMethod = new Map<string, Route<E>[]>()

  constructor(...tables: Routes<E>[]) {
    for (const [key, handler] of tables.flatMap((table) => Object.entries(table))) {
      const [method = '', path = ''] = key.split(' ')
      const names: string[] = []
      const source = path.replaceAll(/\{(\w+)(\*?)\}/g, (_whole, name: string, many: string) => {
        names.push(name)
        return many === '' ? '([^/]+)' : '(.+)'
      })
      const routes = this.#byMethod.get(method) ?? []
      routes.push({ pattern: new RegExp(`^${source}$`), names, handler })
      this.#byMethod.set(method, routes)
    }
  }

  /** The handler of a path without version prefix, and what its placeholders matched. The first route of the table wins. */
  match(method: string, path: string): { handler: Handler<E>; params: Record<string, string> } | undefined {
    for (const { pattern, names, handler } of this.#byMethod.get(method) ?? []) {
      const found = pattern.exec(path)
      if (found === null) continue
      const params: Record<string, string> = {}
      names.forEach((name, index) => (params[name] = decode(found[index + 1] ?? '')))
      return { handler, params }
    }
    return undefined
  }
}

/**
 * Splits `/v1.41/containers/json?all=1`. Without prefix the newest version is meant.
 * @throws UserError `invalid` for a version that is not spoken here, in docker's words.
 */
export function splitTarget(target: string): { path: string; query: URLSearchParams; minor: number } {
  const question = target.indexOf('?')
  const full = question === -1 ? target : target.slice(0, question)
  const query = new URLSearchParams(question === -1 ? '' : target.slice(question + 1))
  const version = /^\/v(\d{1,4})\.(\d{1,4})(?=\/)/.exec(full)
  if (version === null) return { path: full, query, minor: API_MINOR }
  const [prefix, major, minor] = [version[0], Number(version[1]), Number(version[2])]
  if (major > 1 || minor > API_MINOR)
    throw new UserError(
      'invalid',
      `client version ${major}.${minor} is too new. Maximum supported API version is 1.${API_MINOR}`,
    )
  if (major < 1 || minor < MIN_API_MINOR)
    throw new UserError(
      'invalid',
      `client version ${major}.${minor} is too old. Minimum supported API version is 1.${MIN_API_MINOR}, please upgrade your client to a newer version`,
    )
  return { path: full.slice(prefix.length), query, minor }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch (cause) {
    throw new UserError('invalid', `malformed percent-encoding in path: ${segment}`, { cause })
  }
}
