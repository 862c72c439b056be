/**
 * Which address an endpoint gets. There is no list of leases: what is taken is told by the endpoints that exist, so nothing can leak. Pure.
 */
import { UserError } from '@mini-docker/syscall'
import { formatAddress, type Address } from '../address/address.ts'
import { bitsOf, contains, formatCidr, fromBits, type Cidr } from '../address/cidr.ts'
import { usableRange } from './subnet.ts'

export type AllocateOptions = {
  /** A part of the subnet, from which addresses are chosen; one that is `wanted` may be outside of it. */
  ipRange?: Cidr | undefined
  gateway?: Address | undefined
  /** Of all endpoints of the network, and docker's auxiliary addresses. */
  taken: readonly Address[]
  wanted?: Address | undefined
}

/**
 * The wanted address, or else the lowest free one, as docker chooses.
 * @throws UserError with docker's words: `denied` for an address in use, `invalid` for one outside, `unavailable` when none is left.
 */
export function allocate(subnet: Cidr, { ipRange, gateway, taken, wanted }: AllocateOptions): Address {
  const { version } = subnet.address
  const { first, last } = usableRange(subnet)
  const used = new Set([...taken, ...(gateway === undefined ? [] : [gateway])].filter(isOf(version)).map(bitsOf))
  if (wanted !== undefined) return checkWanted(wanted, subnet, used)
  const range = ipRange ?? subnet
  const from = maximum(first, bitsOf(range.address) & ~hostMask(range))
  const to = minimum(last, bitsOf(range.address) | hostMask(range))
  for (let bits = from; bits <= to; bits++) if (!used.has(bits)) return fromBits(version, bits)
  throw new UserError('unavailable', `no available IPv${version} addresses on this network's address pools`, {
    hint: `all of ${formatCidr(range)} is taken: remove containers, or make a network with a larger subnet`,
  })
}

/**
 * The address of the bridge: the wanted one, or the first of the range or subnet.
 * @throws UserError with docker's words
 */
export function chooseGateway(subnet: Cidr, { ipRange, taken, wanted }: Omit<AllocateOptions, 'gateway'>): Address {
  try {
    return allocate(subnet, { ipRange, taken, wanted })
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause
    const text = wanted === undefined ? '' : formatAddress(wanted.bytes)
    throw new UserError(cause.code, `failed to allocate gateway (${text}): ${cause.message}`, {
      cause,
      ...(cause.hint !== undefined && { hint: cause.hint }),
    })
  }
}

function checkWanted(wanted: Address, subnet: Cidr, used: ReadonlySet<bigint>): Address {
  const text = formatAddress(wanted.bytes)
  if (!contains(subnet, wanted))
    throw new UserError('invalid', `invalid address ${text}: It does not belong to any of this network's subnets`, {
      hint: `the subnet is ${formatCidr(subnet)}`,
    })
  const { first, last } = usableRange(subnet)
  const bits = bitsOf(wanted)
  if (bits < first || bits > last || used.has(bits))
    throw new UserError('denied', 'Address already in use', {
      hint: `${text} belongs to another container, to the gateway, or to the network itself`,
    })
  return wanted
}

function isOf(version: 4 | 6): (address: Address) => boolean {
  return (address) => address.version === version
}

function hostMask({ address, prefixLength }: Cidr): bigint {
  return (1n << BigInt((address.version === 4 ? 32 : 128) - prefixLength)) - 1n
}

function maximum(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function minimum(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
