/**
 * Published ports as elements of maps. A map is one lookup, however many ports there are, and a container that comes or goes changes
 * elements, never rules.
 *
 *   ports4      protocol . port            : address . port     every address of the host
 *   ports4_at   address . protocol . port  : address . port     one address of the host, looked up first
 *   ports6, ports6_at                                           the same for IPv6
 */
import { UserError } from '@mini-docker/syscall'
import { formatAddress, parseAddress } from '../address/address.ts'
import { hostAddressOf, isTranslated, tableName, type Protocol, type PublishedPort } from './state.ts'

export type PortMap = 'ports4' | 'ports4_at' | 'ports6' | 'ports6_at'

/** Its parts, addresses as bytes; `text` is as one types it: `tcp . 8080 : 172.17.0.2 . 80`. `hostAddress` is undefined for every address of the host. */
export type PortElement = {
  map: PortMap
  hostAddress: Buffer | undefined
  protocol: Protocol
  hostPort: number
  address: Buffer
  port: number
  text: string
}

/** @throws UserError `invalid` for a number that is no port. */
export function portElement(port: PublishedPort): PortElement {
  const { protocol, hostPort, containerPort } = port
  for (const number of [hostPort, containerPort])
    if (!Number.isInteger(number) || number < 1 || number > 65535)
      throw new UserError('invalid', `invalid port number ${number}`)
  const container = parseAddress(port.containerAddress)
  const host = hostAddressOf(port.hostAddress)
  const anywhere = host === undefined || host.bytes.every((byte) => byte === 0)
  const key = [...(anywhere ? [] : [formatAddress(host.bytes)]), protocol, hostPort]
  return {
    map: `ports${container.version}${anywhere ? '' : '_at'}`,
    hostAddress: anywhere ? undefined : host.bytes,
    protocol,
    hostPort,
    address: container.bytes,
    port: containerPort,
    text: `${key.join(' . ')} : ${formatAddress(container.bytes)} . ${containerPort}`,
  }
}

/** What `isTranslated` denies is left out. @throws UserError `invalid` */
export function portElements(ports: readonly PublishedPort[]): PortElement[] {
  return ports.filter(isTranslated).map(portElement)
}

/** The commands that publish these ports, or take them back: one for each map. */
export function portCommands(
  verb: 'add' | 'delete',
  owner: string | undefined,
  ports: readonly PublishedPort[],
): string[] {
  const byMap = Map.groupBy(portElements(ports), ({ map }) => map)
  return [...byMap].map(
    ([map, elements]) =>
      `${verb} element inet ${tableName(owner)} ${map} { ${elements.map(({ text }) => text).join(', ')} }`,
  )
}
