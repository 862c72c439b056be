/**
 * Under which addresses other machines find this one. Linux says which interface leads out (/proc/net/route, see route(8)); bridges that
 * containers hang on have addresses too, but nobody in the room reaches them.
 */
import { existsSync, readFileSync } from 'node:fs'
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os'

export type Listen = { host: string; port: number }

const DEFAULT_PORT = 5000

/** `ADDR:PORT`, `:PORT`, `ADDR`, `[V6]:PORT`. @throws Error with the reason, for the check of a flag. */
export function parseListen(text: string): Listen {
  const match = /^(?:\[(?<v6>[\da-fA-F:.%\w]+)\]|(?<host>[\w.-]*))(?::(?<port>\d{1,5}))?$/.exec(text)
  const { v6, host, port } = (match?.groups ?? {}) as { v6?: string; host?: string; port?: string }
  const number = Number(port ?? DEFAULT_PORT)
  if (match === null || text === '' || number > 65_535) {
    throw new Error('must look like 0.0.0.0:5000, :5000 or [::]:5000')
  }
  return { host: v6 ?? (host || '0.0.0.0'), port: number }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

/** An address as it stands in front of `:PORT`. */
export function inUrl(address: string): string {
  return address.includes(':') ? `[${address}]` : address
}

export type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>

/** The addresses to tell others, best first: of the interface with the default route, then IPv4, then IPv6. */
export function reachableAddresses(
  { host }: Pick<Listen, 'host'>,
  interfaces: Interfaces,
  defaultInterfaces: readonly string[],
  isBridge: (name: string) => boolean,
): string[] {
  if (host !== '0.0.0.0' && host !== '::') return [host]
  const leadsOut = (name: string): boolean => defaultInterfaces.includes(name)
  return Object.entries(interfaces)
    .filter(([name]) => leadsOut(name) || !isBridge(name))
    .toSorted(([a], [b]) => Number(leadsOut(b)) - Number(leadsOut(a)))
    .flatMap(([, addresses]) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !/^fe80:/i.test(address))
    .filter(({ family }) => family === 'IPv4' || host === '::')
    .toSorted((a, b) => Number(a.family === 'IPv6') - Number(b.family === 'IPv6'))
    .map(({ address }) => address)
}

/** The same, of this machine now. */
export function addressesOfThisMachine(listen: Pick<Listen, 'host'>): string[] {
  const isBridge = (name: string): boolean => existsSync(`/sys/class/net/${name}/bridge`) || name.startsWith('veth')
  return reachableAddresses(listen, networkInterfaces(), defaultRouteInterfaces(), isBridge)
}

function defaultRouteInterfaces(): string[] {
  try {
    return parseDefaultRoutes(readFileSync('/proc/net/route', 'utf8'))
  } catch {
    return []
  }
}

/** Interfaces whose destination and mask are 0, by their metric. */
export function parseDefaultRoutes(text: string): string[] {
  const routes = text
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter((fields) => fields[1] === '00000000' && fields[7] === '00000000')
  return routes.toSorted((a, b) => Number(a[6]) - Number(b[6])).map(([name = '']) => name)
}
