/** The default network's subnet and bridge are chosen when the first container needs them: then it shows what the host has. */
import {
  chooseGateway,
  chooseSubnet,
  formatAddress,
  formatCidr,
  getLink,
  NetlinkSocket,
  ownerAlias,
  parseCidr,
  readTakenSubnets,
} from '@mini-docker/net'
import { SyscallError } from '@mini-docker/syscall'
import type { Engine } from '../engine.ts'
import { bridgeName, OPTION, type NetworkRecord } from './record.ts'

/** The network with its subnets; unchanged where it has them. */
export function settled({ networks }: Pick<Engine, 'networks'>, network: NetworkRecord): NetworkRecord {
  if (network.driver !== 'bridge' || network.pools.length > 0) return network
  using socket = NetlinkSocket.open()
  const others = networks.store.all().flatMap(({ pools }) => pools.map(({ Subnet }) => parseCidr(Subnet)))
  const subnet = chooseSubnet([...others, ...readTakenSubnets(socket)])
  const gateway = chooseGateway(subnet, { ipRange: undefined, taken: [], wanted: undefined })
  const chosen = {
    ...network,
    options: { ...network.options, [OPTION.name]: freeName(socket, network, networks.owner) },
    pools: [{ Subnet: formatCidr(subnet), Gateway: formatAddress(gateway.bytes) }],
  }
  networks.store.replace(chosen)
  return chosen
}

/** `mini-docker0`, unless somebody else in this network namespace has it. */
function freeName(socket: NetlinkSocket, network: NetworkRecord, owner: string): string {
  const name = bridgeName(network)
  const link = findLink(socket, name)
  const free = link === undefined || link.alias === ownerAlias(owner, network.id)
  return free ? name : `md-${network.id.slice(0, 12)}`
}

export type FoundLink = { index: number; alias: string | undefined; up: boolean }

export function findLink(socket: NetlinkSocket, name: string): FoundLink | undefined {
  try {
    const [answer] = socket.request(getLink(name))
    const { IFLA_IFALIAS: alias, index, flags } = answer?.fields ?? {}
    const up = (Number(flags) & IFF_UP) !== 0
    return { index: Number(index), alias: typeof alias === 'string' ? alias : undefined, up }
  } catch (error) {
    if (error instanceof SyscallError && error.code === 'ENODEV') return undefined
    throw error
  }
}

/** netdevice(7) */
const IFF_UP = 1
