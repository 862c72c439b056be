/** The three files under /etc that a container gets from us, as docker writes them. See hosts(5), hostname(5), resolv.conf(5). */
import { UserError } from '@mini-docker/syscall'
import type { HostConfig } from '../api/bodies.ts'

/** /etc/hosts of a network namespace of its own, and what `--add-host` adds. @throws UserError `invalid`. */
export function hostsFile(extraHosts: string[]): string {
  const lines = [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'ff00::0\tip6-mcastprefix',
    'ff02::1\tip6-allnodes',
    'ff02::2\tip6-allrouters',
    ...extraHosts.map(extraHost),
  ]
  return `${lines.join('\n')}\n`
}

function extraHost(entry: string): string {
  const [, name, address] = /^([^:=]+)[:=](.+)$/.exec(entry) ?? []
  if (name === undefined || address === undefined) throw new UserError('invalid', `bad format for add-host: "${entry}"`)
  if (address === 'host-gateway')
    throw new UserError('not-built', 'host-gateway needs a bridge network, which is not built yet')
  return `${address.replaceAll(/[[\]]/g, '')}\t${name}`
}

/** The host's resolv.conf, with the parts that `--dns`, `--dns-search` and `--dns-option` replace. */
export function resolvConf(host: Pick<HostConfig, 'Dns' | 'DnsSearch' | 'DnsOptions'>, ofHost: string): string {
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
