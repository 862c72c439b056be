/** What the firewall is made from: the networks and published ports that are there now. Values only, and the names of things. */
import { UserError } from '@mini-docker/syscall'
import { formatAddress, parseAddress, type Address } from '../address/address.ts'
import type { Cidr } from '../address/cidr.ts'

export type NatState = {
  /** Part of the table's name, so that several daemons can share a network namespace; undefined for the machine's own daemon. */
  owner?: string | undefined
  networks: readonly NatNetwork[]
  ports: readonly PublishedPort[]
}

/** A network with a bridge on this host. */
export type NatNetwork = {
  bridge: string
  /** IPv4 and IPv6; any address of the subnet with its length. */
  subnets: readonly Cidr[]
  /** No way out, and none in. */
  internal: boolean
  /** What leaves the host goes out with the host's address. */
  masquerade: boolean
  /** Containers of other networks, and machines that route to this host, reach it by published ports only. docker's way for all networks. */
  isolated: boolean
  /** Whether its own containers reach each other past published ports; default true. False needs endpoints that are `isolated`, and an isolated network. */
  icc?: boolean | undefined
}

export type Protocol = 'tcp' | 'udp' | 'sctp'

export type PublishedPort = {
  protocol: Protocol
  /** Undefined, `0.0.0.0` or `::`: every address of the host of the container's version. */
  hostAddress?: string | undefined
  hostPort: number
  containerAddress: string
  containerPort: number
  /** Of the network whose address the container is reached by: for who reads the state, the rules need none. */
  bridge?: string
}

/** @throws UserError `invalid` for an owner that would be no part of a table's name. */
export function tableName(owner?: string): string {
  if (owner === undefined) return 'mini-docker'
  if (!/^[a-z0-9]{1,32}$/.test(owner)) throw new UserError('invalid', `invalid owner ${JSON.stringify(owner)}`)
  return `mini-docker-${owner}`
}

/**
 * Whether the kernel's address translation can publish it. It cannot for `::1`, since IPv6 has no route_localnet, nor between IPv6 and IPv4:
 * there a process has to pass on what arrives.
 */
export function isTranslated({ hostAddress, containerAddress }: PublishedPort): boolean {
  const host = hostAddressOf(hostAddress)
  if (host === undefined) return true
  return host.version === parseAddress(containerAddress).version && formatAddress(host.bytes) !== '::1'
}

/** Undefined for none at all; `0.0.0.0` and `::` still say a version. */
export function hostAddressOf(text: string | undefined): Address | undefined {
  return text === undefined || text === '' ? undefined : parseAddress(text)
}
