/** What a container's networks are in /etc: hosts(5) and resolv.conf(5), by docker's rules. Pure. */
import { UserError } from '@mini-docker/syscall'
import type { HostConfig } from '../api/bodies.ts'

export type HostsRequest = {
  hostname: string
  domainname: string
  /** In each network. */
  addresses: readonly string[]
  extraHosts: readonly string[]
  /** What `host-gateway` means: the gateway of the default network. */
  hostGateway: string | undefined
  /** Of `--link` on the default network: address, then names. */
  links: readonly { address: string; names: readonly string[] }[]
  ipv6: boolean
}

/** @throws UserError `invalid` for an entry of `--add-host` that is none. */
export function hostsFile({
  hostname,
  domainname,
  addresses,
  extraHosts,
  hostGateway,
  links,
  ipv6,
}: HostsRequest): string {
  const own = domainname === '' ? hostname : `${hostname}.${domainname} ${hostname}`
  const lines = [
    '127.0.0.1\tlocalhost',
    ...(ipv6
      ? [
          '::1\tlocalhost ip6-localhost ip6-loopback',
          'fe00::\tip6-localnet',
          'ff00::\tip6-mcastprefix',
          'ff02::1\tip6-allnodes',
          'ff02::2\tip6-allrouters',
        ]
      : []),
    ...extraHosts.map((entry) => extraHost(entry, hostGateway)),
    ...links.map(({ address, names }) => `${address}\t${names.join(' ')}`),
    ...addresses.map((address) => `${address}\t${own}`),
  ]
  return `${lines.join('\n')}\n`
}

function extraHost(entry: string, hostGateway: string | undefined): string {
  const [, name, address] = /^([^:=]+)[:=](.+)$/.exec(entry) ?? []
  if (name === undefined || address === undefined) throw new UserError('invalid', `bad format for add-host: "${entry}"`)
  if (address !== 'host-gateway') return `${address.replaceAll(/[[\]]/g, '')}\t${name}`
  if (hostGateway === undefined)
    throw new UserError('invalid', 'unable to derive the IP value for host-gateway', {
      hint: 'host-gateway is the gateway of the default network',
    })
  return `${hostGateway}\t${name}`
}

type Overrides = Pick<HostConfig, 'Dns' | 'DnsSearch' | 'DnsOptions'>

/** docker's, where a host has no resolver that a container could reach. */
const FALLBACK = ['8.8.8.8', '8.8.4.4']

/** On the default network: the host's file with what the flags replace, but no servers on the host's loopback, which is another in the container. */
export function defaultResolvConf(host: Overrides, ofHost: string): string {
  const text = resolvConf(host, ofHost)
  if (host.Dns?.length) return text
  const lines = text.split('\n').filter((line) => line !== '')
  const kept = lines.filter((line) => !isLoopbackServer(line))
  const servers = kept.some((line) => line.startsWith('nameserver'))
    ? []
    : FALLBACK.map((address) => `nameserver ${address}`)
  return [...kept, ...servers, ''].join('\n')
}

/** The host's own file, with the parts that `--dns`, `--dns-search` and `--dns-option` replace. `--dns-search .` is none. */
export function resolvConf(host: Overrides, ofHost: string): string {
  const replaced: [string, string[]][] = [
    ['nameserver', host.Dns ?? []],
    ['search', host.DnsSearch ?? []],
    ['options', host.DnsOptions ?? []],
  ]
  const gone = replaced.flatMap(([keyword, values]) => (values.length > 0 ? [keyword] : []))
  const kept = ofHost
    .split('\n')
    .filter((line) => line.trim() !== '' && !gone.some((keyword) => line.startsWith(keyword)))
  const added = replaced.flatMap(([keyword, values]) => {
    if (values.length === 0 || values.includes('.')) return []
    return keyword === 'nameserver' ? values.map((value) => `nameserver ${value}`) : [`${keyword} ${values.join(' ')}`]
  })
  return [...kept, ...added, ''].join('\n')
}

function isLoopbackServer(line: string): boolean {
  return /^nameserver\s+(127\.|::1\b)/.test(line)
}
