/**
 * Who is asked for names that no network knows, and the container's resolv.conf(5), from the host's and from what `run` was given.
 * As docker: libnetwork's embedded server asks at most three.
 */
import { UserError } from '@mini-docker/syscall'
import { tryAddress, type Address } from '../address/address.ts'

/** A resolver outside. */
export type Upstream = {
  address: string
  /** 53 where it is not given. */
  port?: number
  /** Whose network namespace it is asked from: a resolver on the host's loopback can be reached from the host's only. */
  from: 'container' | 'host'
}

export type ResolverOptions = {
  /** `--dns` */
  servers?: readonly string[]
  /** `--dns-search`; `.` for none. */
  search?: readonly string[]
  /** `--dns-option` */
  options?: readonly string[]
}

/** Where the embedded server is, in each container on a user network. */
export const EMBEDDED_ADDRESS = '127.0.0.11'

const UPSTREAMS_MAX = 3
/** Docker's, for a host that names no resolver. */
const DEFAULT_SERVERS = ['8.8.8.8', '8.8.4.4']

/**
 * Of `--dns`, else of the host's resolv.conf. A host without any gets docker's default.
 * @throws UserError `invalid` for a `--dns` that is no address
 */
export function upstreamsOf(hostText: string, { servers = [] }: Pick<ResolverOptions, 'servers'> = {}): Upstream[] {
  if (servers.length > 0)
    return servers.slice(0, UPSTREAMS_MAX).map((server) => {
      const address = tryAddress(server)
      if (address === undefined) throw new UserError('invalid', `invalid IP address: ${server.slice(0, 100)}`)
      return { address: server, from: 'container' }
    })
  const ofHost = valuesOf(hostText, 'nameserver').flatMap((server): Upstream[] => {
    // fe80::1%eth0 is the host's neighbour.
    const address = tryAddress(server.replace(/%.*$/, ''))
    if (address === undefined) return []
    return [{ address: server, from: isHostOnly(address) ? 'host' : 'container' }]
  })
  if (ofHost.length > 0) return ofHost.slice(0, UPSTREAMS_MAX)
  return DEFAULT_SERVERS.map((address) => ({ address, from: 'container' }))
}

/**
 * resolv.conf of a container on a user network: it asks 127.0.0.11 only, and, as docker has it, asks for a name without dots as it is
 * (`ndots:0`) where nobody said otherwise. `ndotsSet` is for the view: the user wants search domains tried first.
 */
export function embeddedResolvConf(
  hostText: string,
  { search = [], options = [] }: Omit<ResolverOptions, 'servers'> = {},
): { text: string; ndotsSet: boolean } {
  const domains = search.length > 0 ? search.filter((domain) => domain !== '.') : searchOf(hostText)
  const given = options.length > 0 ? options : valuesOf(hostText, 'options')
  const ndots = given.findLast((option) => option.startsWith('ndots:'))
  const lines = [
    ...(domains.length > 0 ? [`search ${domains.join(' ')}`] : []),
    `nameserver ${EMBEDDED_ADDRESS}`,
    `options ${[...given, ...(ndots === undefined ? ['ndots:0'] : [])].join(' ')}`,
  ]
  return { text: `${lines.join('\n')}\n`, ndotsSet: Number(/^ndots:(\d+)$/.exec(ndots ?? '')?.[1] ?? 0) > 0 }
}

/** The last `search` or `domain` counts. */
function searchOf(text: string): string[] {
  const line = linesOf(text).findLast(([keyword]) => keyword === 'search' || keyword === 'domain')
  return line?.slice(1).filter((domain) => domain !== '.') ?? []
}

function valuesOf(text: string, keyword: string): string[] {
  return linesOf(text).flatMap(([first, ...rest]) => (first === keyword ? rest : []))
}

function linesOf(text: string): string[][] {
  return text.split('\n').map((line) =>
    line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/),
  )
}

/** Loopback, and IPv6, which most containers have no way out for. */
function isHostOnly({ version, bytes }: Address): boolean {
  return version === 6 || bytes[0] === 127
}
