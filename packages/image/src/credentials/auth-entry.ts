/**
 * One entry of `auths` in docker's config.json. The password is not encrypted: `auth` is base64 of `user:password`, so that it is not
 * read over one's shoulder.
 *
 *   "registry.example": { "auth": "dXNlcjpwYXNz" }                          a password
 *   "registry.example": { "auth": "dXNlcjo=", "identitytoken": "…" }        a token that stands for it
 *   "registry.example": {}                                                  a credential helper has it
 */
import { UserError } from '@mini-docker/syscall'
import * as z from 'zod'
import type { Credentials } from '../registry/config.ts'

export const AuthEntry = z.looseObject({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
})
export type AuthEntry = z.infer<typeof AuthEntry>

/** `what` names the entry in errors. Undefined when it holds nothing. @throws UserError `invalid` when `auth` is not what it should be. */
export function credentialsOf(what: string, entry: AuthEntry): Credentials | undefined {
  const { username, password } = entry.auth ? decodeAuth(what, entry.auth) : entry
  if (entry.identitytoken) return { ...(username && { username }), identityToken: entry.identitytoken }
  return username ? { username, password: password ?? '' } : undefined
}

export function entryOf(credentials: Credentials): AuthEntry {
  const username = credentials.username ?? ''
  if ('identityToken' in credentials)
    return { auth: encodeAuth(username, ''), identitytoken: credentials.identityToken }
  return { auth: encodeAuth(username, credentials.password) }
}

function encodeAuth(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`).toString('base64')
}

/** The user name ends at the first colon; docker cuts NULs at the end, which old Windows clients wrote. */
function decodeAuth(what: string, auth: string): { username: string; password: string } {
  const text = /^[A-Za-z0-9+/]+={0,2}$/.test(auth) ? Buffer.from(auth, 'base64').toString() : ''
  const colon = text.indexOf(':')
  if (colon === -1) {
    throw new UserError('invalid', `auth of ${what} is not base64 of "user:password"`, {
      hint: 'log out and log in again: logout and login write it anew',
    })
  }
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') }
}
