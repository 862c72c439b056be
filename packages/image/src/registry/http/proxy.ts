/**
 * Whether a request goes through a proxy, by Go's rules (golang.org/x/net/http/httpproxy), which are docker's:
 *
 *   no-proxy = example.com, .example.com, 10.0.0.0/8, 192.0.2.1:8080, *       never for loopback
 */
import { BlockList, isIP } from 'node:net'
import type { Proxies } from '../config.ts'
import { hostnameOf, isLoopback } from './insecure.ts'

/** The proxy's URL, or undefined where the request goes straight. */
export function proxyFor(url: URL, proxies: Proxies): string | undefined {
  const proxy = url.protocol === 'https:' ? proxies.https : proxies.http
  if (proxy === undefined || proxy === '') return undefined
  const name = hostnameOf(url.host)
  if (isLoopback(name)) return undefined
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
  const exceptions = (proxies.no ?? '').split(',').map((entry) => entry.trim().toLowerCase())
  if (exceptions.some((entry) => entry !== '' && matches(entry, name, port))) return undefined
  return /^[a-z0-9+.-]+:\/\//i.test(proxy) ? proxy : `http://${proxy}`
}

function matches(entry: string, name: string, port: string): boolean {
  if (entry === '*') return true
  if (entry.includes('/')) return isIP(name) !== 0 && inNetwork(entry, name)
  const withPort = /:(\d+)$/.exec(isIP(entry) === 6 ? '' : entry)
  if (withPort !== null && withPort[1] !== port) return false
  const host = isIP(entry) === 6 ? entry : hostnameOf(entry)
  if (isIP(host) !== 0) return host === name
  const suffix = host.replace(/^\*?\./, '')
  // `.example.com` is its subdomains only; `example.com` is itself too.
  return name.endsWith(`.${suffix}`) || (name === suffix && host === suffix)
}

function inNetwork(network: string, address: string): boolean {
  const [base = '', bits = ''] = network.split('/')
  const family = isIP(base)
  if (family === 0 || family !== isIP(address) || !(Number(bits) <= (family === 4 ? 32 : 128))) return false
  const list = new BlockList()
  list.addSubnet(base, Number(bits), family === 4 ? 'ipv4' : 'ipv6')
  return list.check(address, family === 4 ? 'ipv4' : 'ipv6')
}
