/** The subnets of a network: those that were asked for, checked, or chosen where none was. */
import {
  checkSubnet,
  chooseGateway,
  chooseSubnet,
  chooseUla,
  contains,
  formatAddress,
  formatCidr,
  NetlinkSocket,
  networkOf,
  parseAddress,
  parseCidr,
  readTakenSubnets,
  type Cidr,
} from '@mini-docker/net'
import { UserError } from '@mini-docker/syscall'
import type { Engine } from '../engine.ts'
import type { IpamPool, NetworkRecord } from './record.ts'

/** A subnet as a client asks for it; empty texts are left out of the choice. */
export type AskedPool = { Subnet: string; IPRange: string; Gateway: string; AuxiliaryAddresses: Record<string, string> }
type Kind = Pick<NetworkRecord, 'driver' | 'enableIPv4' | 'enableIPv6'>

/**
 * The pools of each version that is enabled, IPv4 first. A bridge has one of a version. Of a macvlan the gateway is somebody outside: one that
 * nobody named takes no address.
 * @throws UserError in docker's words
 */
export function choosePools(
  engine: Engine,
  asked: readonly AskedPool[],
  { driver, enableIPv4, enableIPv6 }: Kind,
): IpamPool[] {
  const given = parseAsked(asked)
  const taken = engine.networks.store
    .all()
    .filter(({ configOnly }) => !configOnly)
    .flatMap(({ pools }) => pools.map(({ Subnet }) => parseCidr(Subnet)))
  return ([4, 6] as const).flatMap((version) => {
    if (!(version === 4 ? enableIPv4 : enableIPv6)) return []
    const own = given.filter(({ subnet }) => subnet.address.version === version)
    if (own.length > 1 && driver === 'bridge')
      throw new UserError('denied', "bridge driver doesn't support multiple subnets")
    const before: Cidr[] = []
    if (own.length > 0)
      return own.map(({ subnet, config }) => {
        const checked = checkSubnet(subnet, [...taken, ...before])
        before.push(checked)
        return poolOf(checked, config, driver)
      })
    using socket = NetlinkSocket.open()
    const used = [...taken, ...readTakenSubnets(socket)]
    return [poolOf(version === 4 ? chooseSubnet(used) : chooseUla(engine.networks.owner, used), undefined, driver)]
  })
}

/** What was asked for, as a network of settings alone keeps it: nothing is chosen, nothing taken. @throws UserError */
export function askedPools(asked: readonly AskedPool[]): IpamPool[] {
  return parseAsked(asked).map(({ config }) => {
    const { Subnet, IPRange, Gateway, AuxiliaryAddresses } = config
    return {
      Subnet,
      ...(IPRange === '' ? {} : { IPRange }),
      ...(Gateway === '' ? {} : { Gateway }),
      ...(Object.keys(AuxiliaryAddresses).length === 0 ? {} : { AuxiliaryAddresses }),
    }
  })
}

/** The other way round. */
export function asAsked({ Subnet, IPRange = '', Gateway = '', AuxiliaryAddresses = {} }: IpamPool): AskedPool {
  return { Subnet, IPRange, Gateway, AuxiliaryAddresses }
}

function parseAsked(asked: readonly AskedPool[]): { config: AskedPool; subnet: Cidr }[] {
  const rest = asked.find(({ Subnet }) => Subnet === '')
  if (rest !== undefined && (rest.IPRange !== '' || rest.Gateway !== ''))
    throw new UserError(
      'invalid',
      `invalid network config: ${rest.IPRange === '' ? 'gateway' : 'ip-range'} without a subnet`,
    )
  return asked.filter(({ Subnet }) => Subnet !== '').map((config) => ({ config, subnet: parseSubnet(config.Subnet) }))
}

function parseSubnet(text: string): Cidr {
  try {
    return parseCidr(text)
  } catch (cause) {
    throw new UserError('invalid', `Invalid subnet ${text} : ${(cause as Error).message}`, { cause })
  }
}

function poolOf(subnet: Cidr, asked: AskedPool | undefined, driver: NetworkRecord['driver']): IpamPool {
  const inside = (what: string, address: string): string => {
    if (!contains(subnet, parseAddress(address)))
      throw new UserError(
        'invalid',
        `invalid network config: ${what} ${address} is not in subnet ${formatCidr(subnet)}`,
      )
    return address
  }
  const range = asked?.IPRange ? parseCidr(asked.IPRange) : undefined
  if (range !== undefined && (!contains(subnet, range.address) || range.prefixLength < subnet.prefixLength))
    throw new UserError('invalid', `invalid ip-range ${asked?.IPRange}: it is not in subnet ${formatCidr(subnet)}`)
  const auxiliary = Object.entries(asked?.AuxiliaryAddresses ?? {}).map(([, address]) =>
    parseAddress(inside('auxiliary address', address)),
  )
  const wanted = asked?.Gateway ? parseAddress(inside('gateway', asked.Gateway)) : undefined
  const gateway =
    driver === 'macvlan' && wanted === undefined
      ? undefined
      : chooseGateway(subnet, { ipRange: range, taken: auxiliary, wanted })
  return {
    Subnet: formatCidr(networkOf(subnet)),
    ...(range === undefined ? {} : { IPRange: formatCidr(networkOf(range)) }),
    ...(gateway === undefined ? {} : { Gateway: formatAddress(gateway.bytes) }),
    ...(auxiliary.length === 0 ? {} : { AuxiliaryAddresses: asked?.AuxiliaryAddresses ?? {} }),
  }
}
