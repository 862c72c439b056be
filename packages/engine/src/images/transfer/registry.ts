/** How this daemon reaches registries on behalf of one request: its configuration, and who the client is. */
import { Registry, type Credentials, type HttpTrace, type Reference, type RegistryConfig } from '@mini-docker/image'
import type { DaemonConfig } from '../../config/config.ts'
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
    config: registryConfig(config),
    credentialsFor: (host) => Promise.resolve(host === domain ? credentials : undefined),
    signal,
    onRequest: trace,
    userAgent: `mini-docker/${version}`,
    retry: { tries: config.maxDownloadAttempts },
  })
}

/** The daemon's configuration as the registry client has it. */
export function registryConfig(config: DaemonConfig): RegistryConfig {
  return {
    mirrors: config.registryMirrors,
    insecure: config.insecureRegistries,
    certsDirs: config.certsDirs,
    proxies: config.proxies,
  }
}
