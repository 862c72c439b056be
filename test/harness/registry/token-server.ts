/**
 * The server of bearer tokens that a registry sends its clients to: docker's token authentication, both ways of asking.
 *
 *   GET  /token?service=…&scope=repository:a/b:pull   with or without basic auth; `offline_token=true` for a refresh token
 *   POST /token  grant_type=password | refresh_token  OAuth2 (docker's "identity token" is a refresh token)
 *
 * The token is a JWT, signed with a key whose certificate the registry has as `rootcertbundle`.
 * https://distribution.github.io/distribution/spec/auth/
 */
import { randomBytes, sign, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { join } from 'node:path'
import { makeAuthority, type Certificates } from './certificates.ts'
import { closeServer, listenOnLoopback } from './listen.ts'

export const SERVICE = 'mini-docker test registry'
export const ISSUER = 'mini-docker test tokens'

export type TokenOptions = {
  username: string
  password: string
  /** Whether one may pull from a repository without a name; by default from those below `public/`. */
  anonymousPull?: (repository: string) => boolean
  /** How long the registry takes a token, 300 by default. */
  expiresSeconds?: number
  /** False for servers that know only GET: POST gets 404. */
  oauth2?: boolean
}

/** One question to the server and what it said; secrets as they came, for tests that look for them. */
export type TokenRequest = {
  method: string
  authorization: string | undefined
  fields: URLSearchParams
  status: number
}

type Access = { type: string; name: string; actions: string[] }

/** The registry forgives clocks that differ by a minute, so a token ends a minute later than it says. */
const LEEWAY_SECONDS = 60

export class TokenServer implements AsyncDisposable {
  readonly url: string
  /** Path of the certificate that the registry must trust. */
  readonly certificate: string
  readonly requests: TokenRequest[] = []
  readonly #server: Server
  readonly #key: string
  readonly #options: TokenOptions
  readonly #refreshTokens = new Set<string>()

  private constructor(url: string, certificate: string, key: string, server: Server, options: TokenOptions) {
    this.url = url
    this.certificate = certificate
    this.#key = key
    this.#server = server
    this.#options = options
    server.on('request', (request, response) => void this.#answer(request, response))
  }

  /** On an ephemeral port of 127.0.0.1; its key lies in `directory`. With `tls` it speaks https. */
  static async start(directory: string, options: TokenOptions, tls?: Certificates): Promise<TokenServer> {
    const certificate = join(directory, 'token.crt')
    const key = join(directory, 'token.key')
    await makeAuthority(certificate, key)
    const server = tls
      ? createTlsServer({ cert: readFileSync(tls.certificate), key: readFileSync(tls.key) })
      : createServer()
    const port = await listenOnLoopback(server)
    const url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}/token`
    return new TokenServer(url, certificate, key, server, options)
  }

  /** Changes how it behaves from now on. */
  configure(options: Partial<TokenOptions>): void {
    Object.assign(this.#options, options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeServer(this.#server)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://tokens')
    const fields = request.method === 'POST' ? new URLSearchParams(await bodyOf(request)) : url.searchParams
    const [status, body] = this.#decide(request, fields)
    this.requests.push({
      method: request.method ?? '',
      authorization: request.headers.authorization,
      fields,
      status,
    })
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
  }

  #decide(request: IncomingMessage, fields: URLSearchParams): [status: number, body: unknown] {
    if (request.method === 'GET') return this.#get(request.headers.authorization, fields)
    if (request.method !== 'POST' || this.#options.oauth2 === false) return [404, { details: 'not found' }]
    return this.#post(fields)
  }

  #get(authorization: string | undefined, fields: URLSearchParams): [number, unknown] {
    const user = authorization === undefined ? '' : this.#userOf(authorization)
    if (user === undefined) return [401, { details: 'incorrect username or password' }]
    const token = this.#token(user, fields.getAll('scope'))
    const offline = user !== '' && fields.get('offline_token') === 'true'
    return [200, { token, access_token: token, ...this.#life(), ...(offline && { refresh_token: this.#refresh() }) }]
  }

  #post(fields: URLSearchParams): [number, unknown] {
    const { username, password } = this.#options
    const allowed =
      fields.get('grant_type') === 'password'
        ? fields.get('username') === username && fields.get('password') === password
        : fields.get('grant_type') === 'refresh_token' && this.#refreshTokens.has(fields.get('refresh_token') ?? '')
    if (!allowed) return [401, { error: 'invalid_grant', details: 'incorrect username, password or refresh token' }]
    const scope = fields.get('scope') ?? ''
    const refresh =
      fields.get('refresh_token') ?? (fields.get('access_type') === 'offline' ? this.#refresh() : undefined)
    const body = { access_token: this.#token(username, scope.split(' ')), scope, ...this.#life() }
    return [200, refresh === undefined ? body : { ...body, refresh_token: refresh }]
  }

  #userOf(authorization: string): string | undefined {
    const expected = `Basic ${Buffer.from(`${this.#options.username}:${this.#options.password}`).toString('base64')}`
    return authorization === expected ? this.#options.username : undefined
  }

  #life(): { expires_in: number; issued_at: string } {
    return { expires_in: this.#options.expiresSeconds ?? 300, issued_at: new Date().toISOString() }
  }

  #refresh(): string {
    const token = randomBytes(24).toString('base64url')
    this.#refreshTokens.add(token)
    return token
  }

  /** RFC 7519, with the claim `access` of docker's registry; ES256 over the certificate in `x5c`. */
  #token(user: string, scopes: readonly string[]): string {
    const now = Math.floor(Date.now() / 1000)
    const x5c = [new X509Certificate(readFileSync(this.certificate)).raw.toString('base64')]
    const claims = {
      iss: ISSUER,
      sub: user,
      aud: SERVICE,
      iat: now,
      nbf: now - LEEWAY_SECONDS,
      exp: now + (this.#options.expiresSeconds ?? 300) - LEEWAY_SECONDS,
      jti: randomBytes(8).toString('hex'),
      access: scopes.flatMap(parseScope).map((access) => this.#granted(user, access)),
    }
    const text = [{ typ: 'JWT', alg: 'ES256', x5c }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    const signature = sign('sha256', Buffer.from(text), { key: readFileSync(this.#key), dsaEncoding: 'ieee-p1363' })
    return `${text}.${signature.toString('base64url')}`
  }

  /** A named user may do all; others may pull from public repositories. */
  #granted(user: string, access: Access): Access {
    if (user !== '') return access
    const anonymousPull = this.#options.anonymousPull ?? ((repository) => repository.startsWith('public/'))
    const mayPull = access.type === 'repository' && anonymousPull(access.name)
    return { ...access, actions: access.actions.filter((action) => action === 'pull' && mayPull) }
  }
}

/** `repository:team/app:pull,push` and several of them with spaces between; a name may hold a port. */
function parseScope(text: string): Access[] {
  return text.split(' ').flatMap((scope) => {
    const match = /^([a-z]+(?:\([a-z]+\))?):(.+):([a-z*,]+)$/.exec(scope)
    return match === null ? [] : [{ type: match[1]!, name: match[2]!, actions: match[3]!.split(',') }]
  })
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
