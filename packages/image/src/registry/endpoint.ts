/** One registry, as it is reached: its scheme, its authorization, and second tries where the first may have failed by chance. */
import type { Trust } from './http/agents.ts'
import type { Answer } from './http/answer.ts'
import { Authorizer, type Scope } from './auth/authorizer.ts'
import type { Credentials } from './config.ts'
import { RegistryError } from './error.ts'
import type { HttpClient } from './http/http-client.ts'
import { isHangUp, mayBePlain } from './http/network-words.ts'
import { loginHint, refusal } from './refusal.ts'
import type { HttpRequest, Method, RequestBody } from './http/request.ts'
import { delayBefore, retrying, wait } from './http/retry.ts'
import { requestTitle, type HttpStep } from './http/trace.ts'

export type Ask = {
  step: HttpStep
  method: Method
  /** A path here, or a URL that this registry gave us, perhaps of another host. */
  to: string | URL
  /** Answers that the caller understands; all others are thrown. */
  expect: readonly number[]
  scopes?: readonly Scope[]
  headers?: Record<string, string>
  body?: RequestBody | undefined
  /** False where asking twice is not the same as asking once. */
  retry?: boolean
}

export type EndpointOptions = {
  /** How users know it: `docker.io`, `localhost:5000`. */
  host: string
  /** `https://registry-1.docker.io`; several where the scheme has to be found out. */
  bases: readonly URL[]
  verify: boolean
  credentials: () => Promise<Credentials | undefined>
}

/** Answers to GET /v2/ by which a server is a registry, or might be; what it then says to a question is clearer. */
const PING = [200, 401, 403, 404, 405]

export class Endpoint {
  readonly host: string
  readonly authorizer: Authorizer
  readonly #http: HttpClient
  readonly #trust: Trust
  readonly #bases: readonly URL[]
  #base: Promise<URL> | undefined

  constructor(http: HttpClient, { host, bases, verify, credentials }: EndpointOptions) {
    this.host = host
    this.#http = http
    this.#bases = bases
    // Certificates are kept by the name that is connected to.
    this.#trust = { host: bases[0]?.host ?? host, verify }
    this.authorizer = new Authorizer(http, this.#trust, credentials)
  }

  get signal(): AbortSignal | undefined {
    return this.#http.signal
  }

  /**
   * Finds out once how the registry is spoken to, and whom it wants to know: GET /v2/.
   * @throws RegistryError when it can't be reached.
   */
  async ping(): Promise<URL> {
    this.#base ??= this.#findBase().catch((error: unknown) => {
      // A failure is not kept: the registry may be up at the next try.
      this.#base = undefined
      throw error
    })
    return await this.#base
  }

  /**
   * Asks, with what authorization is wanted, again where that may help.
   * @throws RegistryError for every answer that is not expected.
   */
  async ask(ask: Ask): Promise<Answer> {
    const base = await this.ping()
    const { step, method, body, headers = {}, to } = ask
    const url = typeof to === 'string' ? new URL(to, base) : to
    const attempt = (note?: string): Promise<Answer> =>
      this.#authorized(ask, { step, method, url, headers, body, note }, url.origin === base.origin)
    return ask.retry === false ? await attempt() : await this.retrying(attempt)
  }

  /**
   * Runs `attempt` again while it fails for reasons that pass.
   * @throws what the last one threw.
   */
  async retrying<T>(attempt: (note: string | undefined) => Promise<T>): Promise<T> {
    return await retrying(this.#http.retry, this.#http.signal, attempt)
  }

  /** How long to wait before try `next` after this failure; undefined where another try is no use. */
  delayAfter(error: unknown, next: number): number | undefined {
    if (!(error instanceof RegistryError) || !error.retryable) return undefined
    return delayBefore(next, this.#http.retry, error.retryAfter)
  }

  /** @throws the signal's reason. */
  async wait(ms: number): Promise<void> {
    await wait(ms, this.#http.signal)
  }

  async #findBase(): Promise<URL> {
    const last = this.#bases.at(-1)
    for (const base of this.#bases) {
      try {
        await using answer = await this.#ping(base)
        this.authorizer.learn(answer)
        return base
      } catch (error) {
        if (base === last || !mayBePlain(error)) throw error
      }
    }
    throw new Error(`registry ${this.host} has no address`)
  }

  async #ping(base: URL): Promise<Answer> {
    const request = { step: 'image.ping', method: 'GET', url: new URL('/v2/', base), headers: {} } as const
    // Who never answered is perhaps not there, and a user waits: only what looks like an accident is tried again.
    const worth = (error: RegistryError): boolean =>
      error.status !== undefined || (base === this.#bases.at(-1) && isHangUp(error))
    return await retrying(
      this.#http.retry,
      this.#http.signal,
      async (note) => await this.#expected(await this.#http.send({ ...request, note }, this.#trust), { expect: PING }),
      worth,
    )
  }

  /** Once more when the registry wants another token than ours: it has expired, or a scope is missing. */
  async #authorized(ask: Ask, request: HttpRequest, known: boolean): Promise<Answer> {
    // Who we are is told to nobody but the registry: what it signed for another host stands in the URL.
    if (!known) return await this.#expected(await this.#http.send(request, this.#trust), ask)
    const { authorizer } = this
    const scopes = ask.scopes ?? []
    const first = await this.#authorization(request, scopes)
    const answer = await this.#http.send(withAuthorization(request, first), this.#trust)
    const asksWho = answer.status === 401 && answer.request.url.origin === request.url.origin
    if (!asksWho || ask.expect.includes(401)) {
      authorizer.served(first)
      return await this.#expected(answer, ask)
    }
    await using refused = answer
    authorizer.learn(refused)
    if (await authorizer.lacksPassword()) throw noCredentials(refused, this.host)
    const wider = authorizer.widened(scopes)
    if (!authorizer.mayBeStale(first) && wider.length === scopes.length) return await this.#expected(refused, ask)
    authorizer.forget(scopes)
    const second = await this.#authorization(request, wider)
    if (second === first) return await this.#expected(refused, ask)
    const again = await this.#http.send(withAuthorization(request, second), this.#trust)
    if (again.status !== 401) authorizer.served(second)
    return await this.#expected(again, ask)
  }

  /** What a token server refuses is told as the failure of the request that needs the token. */
  async #authorization(request: HttpRequest, scopes: readonly Scope[]): Promise<string | undefined> {
    try {
      return await this.authorizer.authorization(scopes)
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      const { status, codes, hint, code } = error
      throw new RegistryError(`${requestTitle(request)}: ${error.message}`, {
        status,
        codes,
        code,
        hint: status === 401 || status === 403 ? loginHint(this.host) : (hint ?? ''),
        cause: error,
      })
    }
  }

  async #expected(answer: Answer, { expect }: Pick<Ask, 'expect'>): Promise<Answer> {
    if (expect.includes(answer.status)) return answer
    throw await refusal(answer, this.host)
  }
}

function withAuthorization(request: HttpRequest, authorization: string | undefined): HttpRequest {
  if (authorization === undefined) return request
  return { ...request, headers: { ...request.headers, authorization } }
}

function noCredentials({ request }: Answer, host: string): RegistryError {
  return new RegistryError(`${requestTitle(request)}: no basic auth credentials`, {
    status: 401,
    codes: ['UNAUTHORIZED'],
    hint: loginHint(host),
  })
}
