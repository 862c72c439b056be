/** Which of a container's networks has the way out, and which carries its ports. */
import type { ContainerRecord } from '../containers/model.ts'
import { hasEndpoints, isInternal, type NetworkRecord } from './record.ts'
import { gatewayOrder, type EndpointState, type SandboxState } from './sandbox.ts'

/** What is asked of the store here. */
export type KnownNetworks = { all: () => NetworkRecord[] }
export type Place = { name: string; endpoint: EndpointState; network: NetworkRecord }

/** The names of a container's networks, the one with the way out first. */
export function orderedNetworks(
  store: KnownNetworks,
  { networks }: Pick<ContainerRecord, 'networks'>,
  names: readonly string[],
): string[] {
  const known = new Map(store.all().map((network) => [network.name, network]))
  return gatewayOrder(
    names,
    (name) => networks[name]?.GwPriority ?? 0,
    (name) => {
      const network = known.get(name)
      return network !== undefined && isInternal(network)
    },
  )
}

/** Its places in networks that are there, in this order. */
export function orderedPlaces(
  store: KnownNetworks,
  record: Pick<ContainerRecord, 'networks'>,
  sandbox: SandboxState | undefined,
): Place[] {
  const endpoints = sandbox?.endpoints ?? {}
  const byId = new Map(store.all().map((network) => [network.id, network]))
  return orderedNetworks(store, record, Object.keys(endpoints)).flatMap((name) => {
    const endpoint = endpoints[name]
    const network = endpoint && byId.get(endpoint.networkId)
    return network === undefined || !hasEndpoints(network) ? [] : [{ name, endpoint: endpoint!, network }]
  })
}

/** The place that published ports lead to: on a bridge, with the way out where one has it. None in internal networks. */
export function carrierOf(
  store: KnownNetworks,
  record: Pick<ContainerRecord, 'networks'>,
  sandbox: SandboxState | undefined,
): Place | undefined {
  const open = orderedPlaces(store, record, sandbox).filter(
    ({ network }) => network.driver === 'bridge' && !network.internal,
  )
  return open.find(({ endpoint }) => endpoint.ipv4Gateway !== '') ?? open[0]
}
