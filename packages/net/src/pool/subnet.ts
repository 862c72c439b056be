/** Which subnet a new network gets: the first of docker's default pools that nothing on the host uses yet. Pure. */
import { createHash } from 'node:crypto'
import { UserError } from '@mini-docker/syscall'
import { bitsOf, formatCidr, fromBits, networkOf, overlaps, parseCidr, type Cidr } from '../address/cidr.ts'

/** docker's `default-address-pools` for a host without settings: 15 subnets of 65,534 addresses, then 16 of 4,094. */
export const DEFAULT_POOLS: readonly Cidr[] = [
  ...Array.from({ length: 15 }, (_, i) => parseCidr(`172.${17 + i}.0.0/16`)),
  ...Array.from({ length: 16 }, (_, i) => parseCidr(`192.168.${16 * i}.0/20`)),
]

/**
 * The first subnet of the pools that meets none of `taken`: routes, addresses of the host, other networks.
 * @throws UserError `unavailable` with docker's words when each one is taken.
 */
export function chooseSubnet(taken: readonly Cidr[], pools: readonly Cidr[] = DEFAULT_POOLS): Cidr {
  const free = pools.find((pool) => !taken.some((other) => overlaps(pool, other)))
  if (free !== undefined) return free
  throw new UserError('unavailable', 'all predefined address pools have been fully subnetted', {
    hint: 'remove a network that nobody uses (network prune), or give one of your own: --subnet',
  })
}

/**
 * A /64 of unique local IPv6 addresses (RFC 4193) that meets none of `taken`. The 40 bits behind `fd` come from `seed`, which is the same
 * for all networks of a daemon and differs between hosts; subnets are numbered from 0.
 */
export function chooseUla(seed: string, taken: readonly Cidr[]): Cidr {
  const prefix = BigInt(`0xfd${createHash('sha256').update(seed).digest('hex').slice(0, 10)}`) << 80n
  for (let i = 0n; i <= 0xffffn; i++) {
    const subnet = { address: fromBits(6, prefix | (i << 64n)), prefixLength: 64 }
    if (!taken.some((other) => overlaps(subnet, other))) return subnet
  }
  throw new UserError('unavailable', 'all predefined address pools have been fully subnetted')
}

/**
 * A subnet that somebody asked for, as the network's own address.
 * @throws UserError `denied` with docker's words when another network has some of it.
 */
export function checkSubnet(subnet: Cidr, networks: readonly Cidr[]): Cidr {
  const other = networks.find((network) => overlaps(network, subnet))
  if (other === undefined) return networkOf(subnet)
  throw new UserError('denied', 'invalid pool request: Pool overlaps with other one on this address space', {
    hint: `${formatCidr(subnet)} and ${formatCidr(networkOf(other))} have addresses in common`,
  })
}

/** First and last address that an interface may have: of IPv4 neither the network's own nor the broadcast address, of IPv6 not the first. */
export function usableRange(subnet: Cidr): { first: bigint; last: bigint } {
  const { version } = subnet.address
  const first = bitsOf(networkOf(subnet).address)
  const size = 1n << BigInt((version === 4 ? 32 : 128) - subnet.prefixLength)
  return { first: first + 1n, last: first + size - (version === 4 ? 2n : 1n) }
}
