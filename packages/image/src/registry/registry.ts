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
import { addressOf, DOCKER_HUB, mirrorAddress, type Address } from './endpoints.ts'
import { HttpClient, type HttpOptions } from './http-client.ts'
import { Repository } from './repository.ts'

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
  async repository(reference: Reference): Promise<Repository> {
    const { domain } = reference
    const endpoint = await this.#endpoint(domain, () => addressOf(domain, this.config))
    return new Repository(endpoint, reference)
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

  [Symbol.dispose](): void {
    this.#http[Symbol.dispose]()
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
