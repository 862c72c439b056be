/** A container's ports lead to one of its places. When its networks change while it runs, they follow. */
import type { PublishedPort } from '@mini-docker/net'
import type { Container, ContainerRecord } from '../../containers/model.ts'
import type { Engine } from '../../engine.ts'
import { publishedPorts } from '../firewall.ts'
import { carrierOf } from '../order.ts'
import { OPTION } from '../record.ts'
import type { PortState, SandboxState } from '../sandbox.ts'
import { parseBindings } from './bindings.ts'
import type { Where } from './reserve.ts'

/** Where the ports of a container lead; undefined in internal networks and beside a macvlan's parent, which have none. */
export function publishedFrom(
  { networks: { store } }: Pick<Engine, 'networks'>,
  record: Pick<ContainerRecord, 'name' | 'networks'>,
  sandbox: SandboxState | undefined,
): Where | undefined {
  const carrier = carrierOf(store, record, sandbox)
  if (carrier === undefined) return undefined
  const { endpointId, ipv4, ipv6 } = carrier.endpoint
  const binding = carrier.network.options[OPTION.hostBinding] ?? '0.0.0.0'
  return {
    endpointId,
    containerName: record.name,
    ipv4,
    ipv6,
    hostIps: binding === '0.0.0.0' ? [binding, '::'] : [binding],
  }
}

/** Where the ports lead, as it was before a change. */
export type Led = { where: Where | undefined; states: PortState[]; published: PublishedPort[] }

export function whereLed(engine: Engine, { record, state }: Container): Led {
  return {
    where: publishedFrom(engine, record, state.network),
    states: state.network?.ports ?? [],
    published: publishedPorts({ record, state }, engine.networks.store),
  }
}

/**
 * Lets the ports lead to where the container is now. Those of the same addresses of the host stay the same; without a place that can carry them
 * they are given back, and with the first one they are taken as at a start.
 * @throws StatusError when one is taken by now; then they lead where they led.
 */
export async function followPlace(engine: Engine, container: Container, before: Led): Promise<void> {
  const { ports, firewall, store } = engine.networks
  const now = publishedFrom(engine, container.record, container.state.network)
  if (now?.endpointId === before.where?.endpointId) return
  await firewall.withdraw(before.published)
  try {
    if (now !== undefined && before.where !== undefined && String(now.hostIps) === String(before.where.hostIps))
      ports.lead(container.id, now)
    else {
      ports.release(container.id)
      setPorts(container, await takeAnew(engine, container, now))
    }
    await firewall.publish(publishedPorts(container, store))
  } catch (error) {
    ports.release(container.id)
    setPorts(container, before.states)
    if (before.where !== undefined) await ports.adopt(container.id, before.states, before.where)
    await firewall.publish(before.published)
    throw error
  }
}

async function takeAnew(engine: Engine, { id, record }: Container, now: Where | undefined): Promise<PortState[]> {
  const bindings = now === undefined ? [] : parseBindings(record.hostConfig, record.config.ExposedPorts)
  if (now === undefined || bindings.length === 0) return []
  engine.networks.firewall.require()
  return engine.networks.ports.reserve(id, bindings, now)
}

function setPorts(container: Container, ports: PortState[]): void {
  const { network } = container.state
  if (network !== undefined) container.change({ network: { ...network, ports } })
}
