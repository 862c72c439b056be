/** How this daemon reaches registries on behalf of one request: its configuration, and who the client is. */
import { Registry, type Credentials, type HttpTrace, type Reference } from '@mini-docker/image'
import type { Engine } from '../../engine.ts'

export type Access = {
  credentials: Credentials | undefined
  /** Ends all that goes on. */
  signal: AbortSignal
  /** Hears of each HTTP request. */
  trace?: (request: HttpTrace) => void
}

/**
 * The registries as they are reached for this reference. Dispose it when the request is done.
 * The client's credentials are shown to the registry of the reference only: not to mirrors.
 */
export function openRegistry(
  { config, version }: Pick<Engine, 'config' | 'version'>,
  { domain }: Pick<Reference, 'domain'>,
  { credentials, signal, trace }: Access,
): Registry {
  return new Registry({
    config: {
      mirrors: config.registryMirrors,
      insecure: config.insecureRegistries,
      certsDirs: config.certsDirs,
      proxies: config.proxies,
    },
    credentialsFor: (host) => Promise.resolve(host === domain ? credentials : undefined),
    signal,
    onRequest: trace,
    userAgent: `mini-docker/${version}`,
    retry: { tries: config.maxDownloadAttempts },
  })
}
