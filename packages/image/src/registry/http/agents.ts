/**
 * Connections: one agent of Node for each host and way to trust it. They are kept alive between requests and closed together.
 * See tls(7ssl) and https://nodejs.org/api/http.html#class-httpagent.
 */
import { Agent as HttpAgent, type AgentOptions } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { createSecureContext, getCACertificates, rootCertificates } from 'node:tls'
import { readCertificates, type ClientCertificate } from './certs.ts'
import type { RegistryConfig } from '../config.ts'
import { proxyFor } from './proxy.ts'

/** On whose behalf a connection is made: the registry's authorities count for the hosts that it redirects to as well. */
export type Trust = { readonly host: string; readonly verify: boolean }

/** Of a socket's and a body's buffer: blobs come in few large chunks when their reader is slower than the network. */
const BUFFER_BYTES = 512 << 10

export class Agents implements Disposable {
  readonly #config: RegistryConfig
  readonly #agents = new Map<string, Promise<HttpAgent>>()
  #systemRoots = false

  constructor(config: RegistryConfig) {
    this.#config = config
  }

  /** @throws UserError when the registry's folder of certificates is wrong. */
  async for(url: URL, trust: Trust): Promise<HttpAgent> {
    const key = `${url.protocol}//${url.host} ${trust.host} ${trust.verify} ${this.#systemRoots}`
    const agent = this.#agents.get(key) ?? this.#make(url, trust)
    this.#agents.set(key, agent)
    return await agent
  }

  /**
   * From now on the authorities of this machine's own store count too, which takes a third of a second to read: only when
   * those that Node brings did not do. False when they count already.
   */
  trustSystemRoots(): boolean {
    const before = this.#systemRoots
    this.#systemRoots = true
    return !before
  }

  [Symbol.dispose](): void {
    for (const agent of this.#agents.values()) {
      void agent.then(
        (made) => made.destroy(),
        () => {},
      )
    }
    this.#agents.clear()
  }

  async #make(url: URL, trust: Trust): Promise<HttpAgent> {
    const proxy = proxyFor(url, this.#config.proxies)
    const options = {
      keepAlive: true,
      highWaterMark: BUFFER_BYTES,
      // An explicit object: Node would otherwise look at the environment of the process.
      proxyEnv: proxy === undefined ? {} : { HTTP_PROXY: proxy, HTTPS_PROXY: proxy },
    } as AgentOptions
    if (url.protocol === 'http:') return new HttpAgent(options)
    return new HttpsAgent({
      ...options,
      rejectUnauthorized: trust.verify,
      secureContext: await this.#context(url, trust),
    })
  }

  /** Made once for all connections of an agent: Node would parse the authorities anew for each. */
  async #context(url: URL, trust: Trust): Promise<ReturnType<typeof createSecureContext>> {
    const registry = await readCertificates(this.#config, trust.host)
    const own = trust.host === url.host ? registry : await readCertificates(this.#config, url.host)
    const extra = [...new Set([...registry.ca, ...own.ca].map((pem) => pem.toString()))]
    const [client] = own.clients
    return createSecureContext({ ...this.#authorities(extra), ...clientOptions(client) })
  }

  #authorities(extra: string[]): { ca?: string[] } {
    if (this.#systemRoots) return { ca: [...new Set([...rootCertificates, ...getCACertificates('system'), ...extra])] }
    // Without `ca`, Node takes those it brings, and has them parsed already.
    return extra.length === 0 ? {} : { ca: [...rootCertificates, ...extra] }
  }
}

function clientOptions(client: ClientCertificate | undefined): { cert?: Buffer; key?: Buffer } {
  return client === undefined ? {} : { cert: client.cert, key: client.key }
}
