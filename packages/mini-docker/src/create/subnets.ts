/** `--subnet`, `--ip-range`, `--gateway` and `--aux-address` of `network create`: which belongs to which, as docker's client finds out. */
import { BlockList, isIP } from 'node:net'
import { isIp } from './addresses.ts'

/** One subnet of a network, as the API wants it. */
export type IpamConfig = {
  Subnet: string
  IPRange?: string
  Gateway?: string
  AuxiliaryAddresses?: Record<string, string>
}

export type SubnetFlags = {
  subnets: readonly string[]
  ranges: readonly string[]
  gateways: readonly string[]
  /** By name. */
  auxAddresses: Readonly<Record<string, string>>
}

/** The subnets, each with what lies in it. Throws with docker's words when something lies nowhere, or twice. */
export function subnetsOf({ subnets, ranges, gateways, auxAddresses }: SubnetFlags): IpamConfig[] {
  if (subnets.length < Math.max(ranges.length, gateways.length))
    throw new Error('every ip-range or gateway must have a corresponding subnet')
  const configs = new Map<string, IpamConfig>()
  for (const subnet of subnets) {
    for (const other of configs.keys())
      if (contains(subnet, other) || contains(other, subnet))
        throw new Error('multiple overlapping subnet configuration is not supported')
    configs.set(subnet, { Subnet: subnet })
  }
  const inAnyOf = (address: string, what: string): IpamConfig[] => {
    const found = [...configs.values()].filter(({ Subnet }) => contains(Subnet, address))
    if (found.length === 0) throw new Error(`no matching subnet for ${what} ${address}`)
    return found
  }
  for (const range of ranges) {
    parseCidr(range)
    for (const config of inAnyOf(range, 'range')) {
      if (config.IPRange !== undefined)
        throw new Error(
          `cannot configure multiple ranges (${range}, ${config.IPRange}) on the same subnet (${config.Subnet})`,
        )
      config.IPRange = range
    }
  }
  for (const gateway of gateways) {
    for (const config of inAnyOf(gateway, 'gateway')) {
      if (config.Gateway !== undefined)
        throw new Error(
          `cannot configure multiple gateways (${gateway}, ${config.Gateway}) for the same subnet (${config.Subnet})`,
        )
      config.Gateway = gateway
    }
  }
  for (const [name, address] of Object.entries(auxAddresses).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    for (const config of inAnyOf(address, 'aux-address'))
      config.AuxiliaryAddresses = { ...config.AuxiliaryAddresses, [name]: address }
  }
  return [...configs.values()]
}

/** Whether an address, or the address of another subnet, lies in a subnet. What is no address at all lies nowhere. */
function contains(subnet: string, data: string): boolean {
  const { address, prefix } = parseSubnet(subnet)
  const inner = data.includes('/') ? parseCidr(data).address : data
  if (!isIp(inner)) return false
  const block = new BlockList()
  block.addSubnet(address, prefix, familyOf(address))
  return block.check(inner, familyOf(inner))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6'
}

function parseSubnet(text: string): { address: string; prefix: number } {
  try {
    return parseCidr(text)
  } catch (error) {
    throw new Error(`invalid subnet: ${(error as Error).message}`, { cause: error })
  }
}

/** Go's net.ParseCIDR. */
function parseCidr(text: string): { address: string; prefix: number } {
  const slash = text.indexOf('/')
  const [address, prefix] = [text.slice(0, slash), text.slice(slash + 1)]
  const longest = familyOf(address) === 'ipv4' ? 32 : 128
  if (slash === -1 || !isIp(address) || !/^\d{1,3}$/.test(prefix) || Number(prefix) > longest)
    throw new Error(`invalid CIDR address: ${text}`)
  return { address, prefix: Number(prefix) }
}
