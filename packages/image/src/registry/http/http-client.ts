/** Requests with redirects, on connections that are kept; still without authorization and second tries. */
import { Agents, type Trust } from './agents.ts'
import type { Answer } from './answer.ts'
import type { RegistryConfig } from '../config.ts'
import { exchange } from './exchange.ts'
import { follow } from './follow.ts'
import { isUntrusted } from './network-words.ts'
import { defaultTimeouts, type HttpRequest, type Timeouts } from './request.ts'
import { defaultRetryPolicy, type RetryPolicy } from './retry.ts'
import type { HttpTrace } from './trace.ts'

export type HttpOptions = {
  config: RegistryConfig
  onRequest?: ((trace: HttpTrace) => void) | undefined
  signal?: AbortSignal | undefined
  userAgent?: string | undefined
  timeouts?: Partial<Timeouts> | undefined
  retry?: Partial<RetryPolicy> | undefined
}

export class HttpClient implements Disposable {
  readonly retry: RetryPolicy
  readonly config: RegistryConfig
  readonly signal: AbortSignal | undefined
  readonly #agents: Agents
  readonly #options: HttpOptions
  readonly #timeouts: Timeouts

  constructor(options: HttpOptions) {
    this.config = options.config
    this.signal = options.signal
    this.retry = { ...defaultRetryPolicy, ...options.retry }
    this.#agents = new Agents(options.config)
    this.#options = options
    this.#timeouts = { ...defaultTimeouts, ...options.timeouts }
  }

  /**
   * Sends a request and follows where it is sent on to.
   * @throws RegistryError when no answer comes, and for redirects that are not followed.
   */
  async send(request: HttpRequest, trust: Trust): Promise<Answer> {
    return await follow(request, (hop) => this.#exchange(hop, trust))
  }

  [Symbol.dispose](): void {
    this.#agents[Symbol.dispose]()
  }

  async #exchange(request: HttpRequest, trust: Trust): Promise<Answer> {
    const headers = {
      'user-agent': this.#options.userAgent ?? 'mini-docker',
      'accept-encoding': 'identity',
      ...request.headers,
    }
    const attempt = async (): Promise<Answer> =>
      await exchange(
        { ...request, headers },
        {
          agent: await this.#agents.for(request.url, trust),
          timeouts: this.#timeouts,
          signal: this.signal,
          onEnd: (trace) => this.#options.onRequest?.(trace),
        },
      )
    try {
      return await attempt()
    } catch (error) {
      // The handshake failed, nothing was sent: the authorities of this machine may know the registry.
      if (isUntrusted((error as Error).cause) && this.#agents.trustSystemRoots()) return await attempt()
      throw error
    }
  }
}
