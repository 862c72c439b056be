/**
 * The header `X-Registry-Auth` with which a client hands its credentials to the daemon: base64url of docker's AuthConfig as JSON.
 *
 *   { "username", "password", "serveraddress" }  or  { "identitytoken", "serveraddress" }  or  {}
 */
import { UserError } from '@mini-docker/syscall'
import * as z from 'zod'
import type { Credentials } from '../registry/config.ts'
import { parseSecretJSON } from './secret-json.ts'

const text = z.string().nullish()
const AuthConfig = z.looseObject({
  username: text,
  password: text,
  serveraddress: text,
  identitytoken: text,
  registrytoken: text,
})

export type RegistryAuth = {
  credentials: Credentials | undefined
  /** As the client wrote it: `https://index.docker.io/v1/`, `registry:5000`; empty when it did not. */
  serverAddress: string
}

/** With padding, as Go writes it: `e30=` when there are none. */
export function encodeRegistryAuth(serverAddress: string, credentials: Credentials | undefined): string {
  if (credentials === undefined) return encode({})
  const { username } = credentials
  const secret =
    'identityToken' in credentials ? { identitytoken: credentials.identityToken } : { password: credentials.password }
  return encode({ ...(username !== undefined && { username }), ...secret, serveraddress: serverAddress })
}

/**
 * Takes either alphabet of base64, with padding or without: clients differ. No header is no credentials.
 * @throws UserError `invalid` in docker's words.
 */
export function decodeRegistryAuth(header: string | undefined): RegistryAuth {
  if (header === undefined || header === '') return { credentials: undefined, serverAddress: '' }
  return authOf(decode(header))
}

/** The same object as the body of `POST /auth`. @throws UserError `invalid` */
export function authOf(body: unknown): RegistryAuth {
  const parsed = AuthConfig.safeParse(body)
  if (!parsed.success) throw invalid(parsed.error.issues[0]?.message ?? 'malformed')
  const { username, password, serveraddress, identitytoken, registrytoken } = parsed.data
  const serverAddress = serveraddress ?? ''
  if (registrytoken) {
    throw new UserError('not-built', 'registrytoken in X-Registry-Auth: a ready-made bearer token is not taken', {
      hint: 'send username and password, or identitytoken',
    })
  }
  if (identitytoken) {
    return { credentials: { ...(username && { username }), identityToken: identitytoken }, serverAddress }
  }
  return { credentials: username ? { username, password: password ?? '' } : undefined, serverAddress }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}

function decode(header: string): unknown {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(header)) throw invalid('not base64')
  return parseSecretJSON('X-Registry-Auth', Buffer.from(header, 'base64url'), z.unknown())
}

function invalid(why: string): UserError {
  return new UserError('invalid', `invalid X-Registry-Auth header: ${why}`, {
    hint: 'it is base64url of JSON: {"username": …, "password": …, "serveraddress": …}',
  })
}
