/** A container's place in the network while it runs, as its state keeps it. Which addresses are taken is told by these, and by nothing else. */
import { parseAddress, type Address } from '@mini-docker/net'
import { z } from 'zod'
import type { Container } from '../containers/model.ts'

const endpointState = z.object({
  networkId: z.string(),
  endpointId: z.string(),
  /** In the container: `eth0`. */
  interface: z.string(),
  /** On the host: `veth` and the beginning of the endpoint's id; empty for a macvlan. */
  hostName: z.string(),
  mac: z.string(),
  ipv4: z.string(),
  ipv4Length: z.number(),
  ipv4Gateway: z.string(),
  ipv6: z.string(),
  ipv6Length: z.number(),
  ipv6Gateway: z.string(),
  /** More addresses of its link alone. */
  linkLocal: z.array(z.string()).optional(),
  sysctls: z.array(z.object({ path: z.string(), value: z.string() })).optional(),
})

const portState = z.object({
  protocol: z.enum(['tcp', 'udp', 'sctp']),
  containerPort: z.number(),
  hostIp: z.string(),
  hostPort: z.number(),
})

export const sandboxState = z.object({
  id: z.string(),
  /** By the network's name. */
  endpoints: z.record(z.string(), endpointState),
  ports: z.array(portState),
})

export type EndpointState = z.output<typeof endpointState>
export type PortState = z.output<typeof portState>
export type SandboxState = z.output<typeof sandboxState>

/** An endpoint that has no address yet, or none any more. */
export const NOWHERE: EndpointState = {
  networkId: '',
  endpointId: '',
  interface: '',
  hostName: '',
  mac: '',
  ipv4: '',
  ipv4Length: 0,
  ipv4Gateway: '',
  ipv6: '',
  ipv6Length: 0,
  ipv6Gateway: '',
}

/** The addresses of a network that these have. */
export function takenAddresses(sandboxes: readonly (SandboxState | undefined)[], networkId: string): Address[] {
  return sandboxes
    .flatMap((sandbox) => Object.values(sandbox?.endpoints ?? {}))
    .filter((endpoint) => endpoint.networkId === networkId)
    .flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6].filter((text) => text !== '').map(parseAddress))
}

/** Who is in a network now. */
export function endpointsOf(
  containers: readonly Container[],
  networkId: string,
): { container: Container; endpoint: EndpointState }[] {
  return containers.flatMap((container) =>
    Object.values(container.state.network?.endpoints ?? {})
      .filter((endpoint) => endpoint.networkId === networkId)
      .map((endpoint) => ({ container, endpoint })),
  )
}

/** The endpoint with the default route: docker takes the highest priority, then the first by name; no internal network, if another is there. */
export function gatewayOrder(
  names: readonly string[],
  priority: (name: string) => number,
  internal: (name: string) => boolean,
): string[] {
  return names.toSorted(
    (a, b) => Number(internal(a)) - Number(internal(b)) || priority(b) - priority(a) || (a < b ? -1 : 1),
  )
}
