/** `172.18.0.0/16`: an address and how many of its bits name the network. */
import { UserError } from '@mini-docker/syscall'
import { formatAddress, tryAddress, type Address } from './address.ts'

export type Cidr = { address: Address; prefixLength: number }

/** Parses `address/length`; the address may be any of the network. @throws UserError `invalid` with Go's words. */
export function parseCidr(text: string): Cidr {
  const [, host = '', length = ''] = /^([^/]*)\/(\d{1,3})$/.exec(text) ?? []
  const address = tryAddress(host)
  const prefixLength = Number(length)
  if (address === undefined || prefixLength > address.bytes.length * 8)
    throw new UserError('invalid', `invalid CIDR address: ${text.slice(0, 100)}`)
  return { address, prefixLength }
}

export function formatCidr({ address, prefixLength }: Cidr): string {
  return `${formatAddress(address.bytes)}/${prefixLength}`
}

/** The network's own address: all host bits zero. */
export function networkOf({ address, prefixLength }: Cidr): Cidr {
  const mask = maskOf(address, prefixLength)
  return { address: fromBits(address.version, bitsOf(address) & mask), prefixLength }
}

/** All host bits one. */
export function broadcastOf({ address, prefixLength }: Cidr): Address {
  const mask = maskOf(address, prefixLength)
  return fromBits(address.version, bitsOf(address) | (~mask & allOnes(address.version)))
}

export function contains(network: Cidr, address: Address): boolean {
  if (network.address.version !== address.version) return false
  const mask = maskOf(address, network.prefixLength)
  return (bitsOf(network.address) & mask) === (bitsOf(address) & mask)
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return contains(a, networkOf(b).address) || contains(b, networkOf(a).address)
}

/** The address as one integer, so that pools can count. */
export function bitsOf({ bytes }: Address): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}

export function fromBits(version: 4 | 6, bits: bigint): Address {
  const width = version === 4 ? 8 : 32
  return { version, bytes: Buffer.from(bits.toString(16).padStart(width, '0'), 'hex') }
}

function maskOf({ version }: Address, prefixLength: number): bigint {
  const width = version === 4 ? 32 : 128
  return (allOnes(version) << BigInt(width - prefixLength)) & allOnes(version)
}

function allOnes(version: 4 | 6): bigint {
  return (1n << (version === 4 ? 32n : 128n)) - 1n
}
