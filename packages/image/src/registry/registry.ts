/**
 * The registries of the world, as one user of this machine reaches them: connections, tokens and credentials are shared by all
 * that goes on between opening and disposing it.
 */
import type { Reference } from '../reference.ts'
import {
  anonymous,
  defaultRegistryConfig,
  type Credentials,
  type CredentialsFor,
  type RegistryConfig,
} from './config.ts'
import { Endpoint } from './endpoint.ts'
import { addressOf, DOCKER_HUB, HUB_INDEX, hubIndex, mirrorAddress, type Address } from './endpoints.ts'
import { HttpClient, type HttpOptions } from './http/http-client.ts'
import { logIn, type LoginOutcome } from './auth/login.ts'
import { Repository, type Actions } from './repository.ts'
import { searchEndpoint, splitTerm, type SearchResult } from './search.ts'

export type RegistryOptions = Partial<HttpOptions> & {
  /** Default: {@link defaultRegistryConfig}. */
  config?: RegistryConfig
  /** Default: nobody. */
  credentialsFor?: CredentialsFor | undefined
}

export class Registry implements Disposable {
  readonly config: RegistryConfig
  readonly #http: HttpClient
  readonly #credentialsFor: CredentialsFor
  readonly #endpoints = new Map<string, Promise<Endpoint>>()

  constructor(options: RegistryOptions = {}) {
    this.config = options.config ?? defaultRegistryConfig
    this.#http = new HttpClient({ ...options, config: this.config })
    this.#credentialsFor = options.credentialsFor ?? anonymous
  }

  /** The repository that a reference lies in; its tag and digest do not matter. Asks nobody yet. */
  async repository(reference: Reference, actions: Actions = 'pull'): Promise<Repository> {
    return new Repository(await this.#endpointOf(reference.domain), reference, actions)
  }

  /** Where to pull it from, best first: the mirrors of docker.io, then itself. */
  async sources(reference: Reference): Promise<Repository[]> {
    const mirrors = reference.domain === DOCKER_HUB ? this.config.mirrors : []
    const repositories: Repository[] = []
    for (const mirror of mirrors) {
      const endpoint = await this.#endpoint(mirror, () => mirrorAddress(mirror, this.config))
      repositories.push(new Repository(endpoint, reference))
    }
    return [...repositories, await this.repository(reference)]
  }

  /**
   * Whether a registry takes these credentials; `docker.io` or a host.
   * @throws RegistryError `denied` when it does not.
   */
  async checkLogin(host: string, credentials: Credentials): Promise<LoginOutcome> {
    return await logIn(this.#connect(await addressOf(host, this.config), credentials))
  }

  /**
   * Repositories by a word in their name, at most `limit`: of docker.io, or of the registry that the term begins with.
   * @throws RegistryError when it can't be asked.
   */
  async search(term: string, limit = 25): Promise<SearchResult[]> {
    const [host, word] = splitTerm(term)
    if (host !== DOCKER_HUB) return await searchEndpoint(await this.#endpointOf(host), word, limit)
    const endpoint = await this.#endpoint(HUB_INDEX, () => Promise.resolve(hubIndex()))
    return await searchEndpoint(endpoint, word, limit)
  }

  [Symbol.dispose](): void {
    this.#http[Symbol.dispose]()
  }

  async #endpointOf(domain: string): Promise<Endpoint> {
    return await this.#endpoint(domain, () => addressOf(domain, this.config))
  }

  async #endpoint(key: string, find: () => Promise<Address>): Promise<Endpoint> {
    const found = this.#endpoints.get(key) ?? find().then((address) => this.#connect(address))
    this.#endpoints.set(key, found)
    return await found
  }

  #connect(address: Address, credentials?: Credentials): Endpoint {
    const who = (): Promise<Credentials | undefined> =>
      credentials === undefined ? this.#credentialsFor(address.host) : Promise.resolve(credentials)
    return new Endpoint(this.#http, { ...address, credentials: who })
  }
}
