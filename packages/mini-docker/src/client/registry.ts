/** Registries as the client itself reaches them, for the commands that need no daemon: `manifest inspect`, `image copy`. */
import { defaultRegistryConfig, type Credentials, type HttpTrace, Registry } from '@mini-docker/image'
import type { Terminal } from '../cli/terminal.ts'
import type { RequestEvent } from '../faces/trace-request.ts'
import { CERTS_DIRS } from './places.ts'
import { storedCredentials } from './stored-auth.ts'

export type ClientRegistryOptions = {
  /** Hosts, or CIDRs, that may speak plain HTTP or have a certificate that nobody vouches for. */
  insecure?: readonly string[]
  /** Instead of those in docker's config.json. */
  credentials?: Credentials | undefined
  /** Ends all that goes on. */
  signal?: AbortSignal
  /** Hears of every request. */
  onRequest?: ((event: RequestEvent) => void) | undefined
}

/** With the user's credentials, the certificates of certs.d and the proxies of the environment. Disposing closes the connections. */
export function openRegistry(
  terminal: Terminal,
  { insecure = [], credentials, signal, onRequest }: ClientRegistryOptions = {},
): Registry {
  const { env } = terminal
  return new Registry({
    config: { ...defaultRegistryConfig, insecure, certsDirs: CERTS_DIRS, proxies: proxiesOf(env) },
    credentialsFor: credentials === undefined ? storedCredentials(terminal) : () => Promise.resolve(credentials),
    signal,
    onRequest: onRequest === undefined ? undefined : (trace) => onRequest(requestEvent(trace)),
  })
}

/** As the daemon would send it. */
function requestEvent(trace: HttpTrace): RequestEvent {
  const { startNs, durationNs, status, ...rest } = trace
  return {
    ...rest,
    ...(status === undefined ? {} : { status }),
    startNs: startNs.toString(),
    durationNs: durationNs.toString(),
  }
}

function proxiesOf(env: Terminal['env']): { http?: string; https?: string; no?: string } {
  const find = (name: string) => env[name] || env[name.toLowerCase()]
  const found = { http: find('HTTP_PROXY'), https: find('HTTPS_PROXY'), no: find('NO_PROXY') }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined && value !== ''))
}
