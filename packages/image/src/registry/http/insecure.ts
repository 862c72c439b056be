/**
 * Which registries may be spoken to without a certificate that we trust: loopback, and what `insecure-registries` names.
 *
 * docker asks the DNS for each host, to see whether it is loopback. Here a name is looked up only when the configuration has a
 * network, since who answers DNS could otherwise turn the check of certificates off.
 */
import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { UserError } from '@mini-docker/syscall'

/** @throws UserError `invalid` for an entry that is neither a host nor a network. */
export async function isInsecure(insecure: readonly string[], host: string): Promise<boolean> {
  const name = hostnameOf(host)
  if (isLoopback(name)) return true
  if (insecure.some((entry) => !entry.includes('/') && (entry === host || entry === name))) return true
  const networks = networksOf(insecure)
  if (networks === undefined) return false
  return (await addressesOf(name)).some((address) => contains(networks, address))
}

/** `localhost`, 127.0.0.0/8 and ::1. */
export function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) return true
  return isIP(hostname) !== 0 && contains(loopback, hostname)
}

/** `[::1]:5000` → `::1`, `reg.example:443` → `reg.example` */
export function hostnameOf(host: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(host)
  return bracketed?.[1] ?? host.replace(/:\d+$/, '')
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

function networksOf(insecure: readonly string[]): BlockList | undefined {
  const networks = insecure.filter((entry) => entry.includes('/'))
  if (networks.length === 0) return undefined
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/')
    const family = isIP(address)
    const width = family === 4 ? 32 : 128
    if (family === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > width) {
      throw new UserError('invalid', `insecure registry ${network} is not valid`, {
        hint: 'it should be a host, host:port, or a network like 10.0.0.0/8, without http:// or https://',
      })
    }
    list.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6')
  }
  return list
}

function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

async function addressesOf(name: string): Promise<string[]> {
  if (isIP(name) !== 0) return [name]
  // A name that nobody knows fails a moment later, where it is told.
  return await lookup(name, { all: true }).then(
    (found) => found.map(({ address }) => address),
    () => [],
  )
}
