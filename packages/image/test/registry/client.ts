/** Our client at a registry of the harness, with everything it asks written down. */
import type { Registry as RealRegistry } from '../../../../test/harness/registry/index.ts'
import { Registry, type HttpTrace, type RegistryConfig, type RegistryOptions } from '../../src/registry/index.ts'
import type { Repository } from '../../src/registry/repository.ts'
import { parseReference } from '../../src/reference.ts'

export type Client = {
  registry: Registry
  /** Every HTTP request, in the order in which they ended. */
  traces: HttpTrace[]
  /** `GET 200 /v2/`, without hosts. */
  asked: () => string[]
} & Disposable

type Known = Pick<RealRegistry, 'certsDir' | 'credentials'>

/** What a test changes: no proxies, no other certificates, no long waits unless told. */
export function connect(known?: Known, options: RegistryOptions & { settings?: Partial<RegistryConfig> } = {}): Client {
  const traces: HttpTrace[] = []
  const { settings, ...rest } = options
  const certsDirs = known === undefined ? [] : [known.certsDir]
  const registry = new Registry({
    config: { mirrors: [], insecure: [], certsDirs, proxies: {}, ...settings },
    credentialsFor: () => Promise.resolve(known?.credentials),
    onRequest: (trace) => traces.push(trace),
    retry: { firstMs: 20 },
    ...rest,
  })
  const asked = (): string[] =>
    traces.map(({ method, status, url }) => `${method} ${status ?? '-'} ${new URL(url).pathname}`)
  return { registry, traces, asked, [Symbol.dispose]: () => registry[Symbol.dispose]() }
}

/** `team/app` of a host, to pull from; or to push to. */
export async function repositoryAt(
  { registry }: Client,
  host: string,
  path = 'team/app',
  actions: 'pull' | 'pull,push' = 'pull',
): Promise<Repository> {
  return await registry.repository(parseReference(`${host}/${path}`), actions)
}

/** What a promise fails with. */
export async function failureOf(
  promise: Promise<unknown>,
): Promise<Error & { hint?: string; code?: string; status?: number }> {
  return await promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error as Error,
  )
}
