/**
 * Who a client is at a registry: the header `X-Registry-Auth`, base64url of docker's AuthConfig. The daemon keeps none of it.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Credentials } from '@mini-docker/image'
import { UserError } from '@mini-docker/syscall'
import * as z from 'zod'
import type { Exchange } from './exchange.ts'
import { text } from './schema.ts'

/** Docker's registry.AuthConfig. `auth` is base64 of `username:password`, where those two are left out. */
export const authConfig = z.object({
  username: text,
  password: text,
  auth: text,
  serveraddress: text,
  identitytoken: text,
  registrytoken: text,
})
export type AuthConfig = z.output<typeof authConfig>

/** As docker for a pull: what cannot be read is nobody. */
export function readAuth(headers: IncomingHttpHeaders): Credentials | undefined {
  const config = parseHeader(headers)
  return config === undefined ? undefined : credentialsOf(config)
}

/** As docker for a push: without the header the body must have it. @throws UserError `invalid`. */
export async function requireAuth(exchange: Exchange): Promise<Credentials | undefined> {
  if (headerOf(exchange.headers) !== undefined) return readAuth(exchange.headers)
  if (exchange.headers['content-length'] === '0' || exchange.headers['content-length'] === undefined)
    throw new UserError('invalid', 'Bad parameters and missing X-Registry-Auth: EOF')
  return credentialsOf(await exchange.readJson(authConfig))
}

/** @throws UserError `not-built` for a bearer token that a client got by itself. */
export function credentialsOf(config: AuthConfig): Credentials | undefined {
  const { username, password, auth, identitytoken, registrytoken } = config
  if (identitytoken !== '')
    return { identityToken: identitytoken, ...(username !== '' && username !== '<token>' && { username }) }
  if (username !== '') return { username, password }
  if (auth !== '') return fromPair(Buffer.from(auth, 'base64').toString('utf8'))
  if (registrytoken !== '')
    throw new UserError('not-built', 'logging in with a registry token is not built yet', {
      hint: 'log in with name and password, or with an identity token',
    })
  return undefined
}

function parseHeader(headers: IncomingHttpHeaders): AuthConfig | undefined {
  const header = headerOf(headers)
  if (header === undefined) return undefined
  try {
    const parsed = authConfig.safeParse(JSON.parse(Buffer.from(header, 'base64').toString('utf8')))
    return parsed.data
  } catch {
    return undefined
  }
}

function headerOf(headers: IncomingHttpHeaders): string | undefined {
  const header = headers['x-registry-auth']
  return typeof header === 'string' && header !== '' ? header : undefined
}

function fromPair(pair: string): Credentials | undefined {
  const colon = pair.indexOf(':')
  return colon === -1 ? undefined : { username: pair.slice(0, colon), password: pair.slice(colon + 1) }
}
