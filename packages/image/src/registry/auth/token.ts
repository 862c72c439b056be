/**
 * Bearer tokens: the registry names a token server (`realm`), which gives a token for a scope to whom it knows, and often to everybody.
 *
 *   GET  realm?service=…&scope=repository:library/alpine:pull       with Basic, or with nothing for what is public
 *   POST realm   grant_type=refresh_token&refresh_token=…           with the identity token of a login
 *
 * See distribution.github.io/distribution/spec/auth/token and …/oauth.
 */
import * as z from 'zod'
import type { Trust } from '../http/agents.ts'
import type { Answer } from '../http/answer.ts'
import type { Challenge } from './challenge.ts'
import type { Credentials } from '../config.ts'
import { RegistryError } from '../error.ts'
import type { HttpClient } from '../http/http-client.ts'
import { refusal } from '../refusal.ts'
import { bodyOf, type HttpRequest } from '../http/request.ts'
import { retrying } from '../http/retry.ts'

export type Token = {
  readonly value: string
  /** On the clock of performance.now(). */
  readonly expiresMs: number
  /** What a login gets, to keep instead of the password. */
  readonly identityToken: string | undefined
}

export type TokenRequest = {
  challenge: Challenge
  scopes: readonly string[]
  credentials: Credentials | undefined
  trust: Trust
  /** Ask for an identity token as well. */
  login?: boolean | undefined
}

const CLIENT_ID = 'mini-docker'
const TOKEN_BYTES_MAX = 1 << 20
/** What a server that says nothing means. */
const LIFETIME_S = 60
/** The part of its life after which a token is renewed: the request has still to get there. */
const GOOD_PART = 0.9

const TokenAnswer = z.object({
  token: z.string().optional(),
  access_token: z.string().optional(),
  refresh_token: z.string().optional(),
  expires_in: z.number().optional(),
})

/** @throws RegistryError when the server refuses, does not answer, or answers with something else. */
export async function fetchToken(http: HttpClient, request: TokenRequest): Promise<Token> {
  const startMs = performance.now()
  await using answer = await retrying(http.retry, http.signal, async (note) => {
    const answer = await http.send({ ...requestFor(request), note }, request.trust)
    if (answer.status !== 200) throw await refusal(answer)
    return answer
  })
  const body = await answer.read(TOKEN_BYTES_MAX)
  const document = TokenAnswer.safeParse(parsed(body))
  const value = document.data?.token ?? document.data?.access_token
  if (value === undefined || value === '' || !/^[\x21-\x7e]+$/.test(value)) throw noToken(answer)
  const lifetimeMs = 1000 * (document.data?.expires_in ?? LIFETIME_S)
  return { value, expiresMs: startMs + lifetimeMs * GOOD_PART, identityToken: document.data?.refresh_token }
}

function requestFor({ challenge, scopes, credentials, trust, login }: TokenRequest): HttpRequest {
  const url = realmOf(challenge, trust.host)
  const service = challenge.parameters.get('service')
  if (credentials !== undefined && 'identityToken' in credentials) {
    requireSecret(url, trust)
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: credentials.identityToken,
      client_id: CLIENT_ID,
      ...(service !== undefined && { service }),
      ...(scopes.length > 0 && { scope: scopes.join(' ') }),
    })
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = bodyOf(Buffer.from(form.toString()))
    return { step: 'image.token', method: 'POST', url, headers, body }
  }
  if (service !== undefined) url.searchParams.set('service', service)
  for (const scope of scopes) url.searchParams.append('scope', scope)
  if (login === true) url.searchParams.set('offline_token', 'true')
  if (login === true || credentials !== undefined) url.searchParams.set('client_id', CLIENT_ID)
  if (credentials === undefined) return { step: 'image.token', method: 'GET', url, headers: {} }
  requireSecret(url, trust)
  url.searchParams.set('account', credentials.username)
  return { step: 'image.token', method: 'GET', url, headers: { authorization: basic(credentials) } }
}

/** `Basic …` (RFC 7617). */
export function basic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

function realmOf(challenge: Challenge, host: string): URL {
  const realm = challenge.parameters.get('realm') ?? ''
  const url = URL.canParse(realm) ? new URL(realm) : undefined
  if (url !== undefined && (url.protocol === 'https:' || url.protocol === 'http:')) return url
  throw new RegistryError(`${host} wants a token, but names no server that gives one: realm="${realm.slice(0, 200)}"`, {
    hint: 'the registry is not set up right: its operator has to mend auth.token.realm',
  })
}

/** A registry that is spoken to over TLS must not make us tell the password in the clear. */
function requireSecret(url: URL, trust: Trust): void {
  if (url.protocol === 'https:' || !trust.verify) return
  throw new RegistryError(`${trust.host} wants the password sent in the clear, to ${url.origin}`, {
    code: 'denied',
    hint: `a token server is asked over https only, unless ${trust.host} is in insecure-registries`,
  })
}

function noToken(answer: Answer): RegistryError {
  return new RegistryError(`${answer.request.url.origin} answered without a token`, {
    hint: `check that the realm which ${answer.request.url.host} was named by is a token server`,
  })
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}
