/** The words of `net nat` and `net ports`: networks as `BRIDGE=SUBNET`, ports as docker writes them. */
import { UserError } from '@mini-docker/syscall'
import { formatAddress, parseAddress } from '../address/address.ts'
import { parseCidr } from '../address/cidr.ts'
import type { NatNetwork, Protocol, PublishedPort } from '../nft/state.ts'

/** `br0=10.9.0.0/24,fd09::/64`. @throws UserError `invalid` */
export function parseNetwork(text: string, options: { internal: boolean; masquerade: boolean }): NatNetwork {
  const [bridge = '', subnets] = text.split('=')
  if (bridge === '' || subnets === undefined)
    throw new UserError('invalid', `invalid network ${JSON.stringify(text)}`, { hint: 'BRIDGE=SUBNET[,SUBNET]' })
  return { bridge, subnets: subnets.split(',').map(parseCidr), isolated: true, ...options }
}

/**
 * `8080:10.9.0.2:80`, `127.0.0.1:8080:10.9.0.2:80/udp`, `[::]:8080:[fd09::2]:80`: the host's address may be left out.
 * @throws UserError `invalid`
 */
export function parsePort(text: string): PublishedPort {
  const ADDRESS = String.raw`(\[[0-9a-fA-F:.]+\]|\d+\.\d+\.\d+\.\d+)`
  const match = new RegExp(`^(?:${ADDRESS}:)?(\\d{1,5}):${ADDRESS}:(\\d{1,5})(?:/(tcp|udp|sctp))?$`).exec(text)
  if (match === null)
    throw new UserError('invalid', `invalid port ${JSON.stringify(text)}`, {
      hint: '[HOST_ADDRESS:]HOST_PORT:ADDRESS:PORT[/tcp|udp|sctp], IPv6 in brackets',
    })
  const [, host, hostPort, container = '', containerPort, protocol = 'tcp'] = match
  return {
    protocol: protocol as Protocol,
    ...(host !== undefined && { hostAddress: plain(host) }),
    hostPort: Number(hostPort),
    containerAddress: plain(container),
    containerPort: Number(containerPort),
  }
}

function plain(address: string): string {
  return formatAddress(parseAddress(address.replaceAll(/[[\]]/g, '')).bytes)
}
