/** What one registry wants to know before it answers, and what it is told: tokens are kept for each scope while they last. */
import type { Trust } from '../http/agents.ts'
import type { Answer } from '../http/answer.ts'
import { parseChallenges, type Challenge } from './challenge.ts'
import type { Credentials } from '../config.ts'
import type { HttpClient } from '../http/http-client.ts'
import { basic, fetchToken, type Token } from './token.ts'

/** `repository:library/alpine:pull` */
export type Scope = string

export class Authorizer {
  readonly #http: HttpClient
  readonly #trust: Trust
  readonly #credentialsFor: () => Promise<Credentials | undefined>
  readonly #tokens = new Map<string, Promise<Token>>()
  readonly #served = new Set<string>()
  #credentials: Promise<Credentials | undefined> | undefined
  #challenges: readonly Challenge[] = []

  constructor(http: HttpClient, trust: Trust, credentialsFor: () => Promise<Credentials | undefined>) {
    this.#http = http
    this.#trust = trust
    this.#credentialsFor = credentialsFor
  }

  /** Remembers what a 401 asks for. */
  learn(answer: Answer): void {
    const challenges = parseChallenges(answer.header('www-authenticate'))
    if (challenges.length > 0) this.#challenges = challenges
  }

  /** The scopes that the registry named in a 401, besides those that one would ask for. */
  widened(scopes: readonly Scope[]): readonly Scope[] {
    const named = this.#bearer?.parameters.get('scope')?.split(' ') ?? []
    return [...new Set([...scopes, ...named.filter((scope) => scope !== '').slice(0, 8)])]
  }

  /**
   * The Authorization header for these scopes, if one is wanted and we have something to say.
   * @throws RegistryError when the token server refuses.
   */
  async authorization(scopes: readonly Scope[]): Promise<string | undefined> {
    const bearer = this.#bearer
    if (bearer !== undefined) return `Bearer ${(await this.#token(bearer, scopes)).value}`
    if (!this.#challenges.some(({ scheme }) => scheme === 'basic')) return undefined
    const credentials = await this.#who()
    return credentials === undefined || 'identityToken' in credentials ? undefined : basic(credentials)
  }

  /** True when the registry takes nothing but a password, and there is none. */
  async lacksPassword(): Promise<boolean> {
    const basicOnly = this.#bearer === undefined && this.#challenges.some(({ scheme }) => scheme === 'basic')
    return basicOnly && (await this.#who()) === undefined
  }

  /** A request with this header was not refused as unknown. */
  served(authorization: string | undefined): void {
    if (authorization !== undefined) this.#served.add(authorization)
  }

  /** Whether another token may help: one that served before may have expired, one that never did is refused for good. */
  mayBeStale(authorization: string | undefined): boolean {
    return authorization === undefined || this.#served.has(authorization)
  }

  /** The token for these scopes is refused: the next request gets another. */
  forget(scopes: readonly Scope[]): void {
    this.#tokens.delete(keyOf(scopes))
  }

  /** The identity token that a login with a password gives, if this registry has such. */
  async login(): Promise<string | undefined> {
    const bearer = this.#bearer
    if (bearer === undefined) return undefined
    const token = fetchToken(this.#http, { ...this.#request(bearer, []), credentials: await this.#who(), login: true })
    this.#tokens.set(keyOf([]), token)
    return (await token).identityToken
  }

  get #bearer(): Challenge | undefined {
    return this.#challenges.find(({ scheme }) => scheme === 'bearer')
  }

  /** Requests that run at the same time wait for one token together. */
  async #token(challenge: Challenge, scopes: readonly Scope[]): Promise<Token> {
    const key = keyOf(scopes)
    const kept = this.#tokens.get(key)
    if (kept !== undefined) {
      const token = await kept
      if (token.expiresMs > performance.now()) return token
      if (this.#tokens.get(key) !== kept) return await this.#token(challenge, scopes)
    }
    const token = this.#who().then((credentials) =>
      fetchToken(this.#http, { ...this.#request(challenge, scopes), credentials }),
    )
    this.#tokens.set(key, token)
    token.catch(() => this.#tokens.delete(key))
    return await token
  }

  #request(
    challenge: Challenge,
    scopes: readonly Scope[],
  ): { challenge: Challenge; scopes: readonly Scope[]; trust: Trust } {
    return { challenge, scopes, trust: this.#trust }
  }

  #who(): Promise<Credentials | undefined> {
    return (this.#credentials ??= this.#credentialsFor())
  }
}

function keyOf(scopes: readonly Scope[]): string {
  return scopes.toSorted().join(' ')
}
