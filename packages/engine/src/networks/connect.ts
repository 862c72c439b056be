/** POST /networks/{id}/connect and /disconnect: of a container that runs at once, of one that does not for its next start. */
import { planConnect, planDisconnect } from '@mini-docker/net'
import { UserError } from '@mini-docker/syscall'
import { saveRecord } from '../containers/create.ts'
import type { Container } from '../containers/model.ts'
import type { Engine } from '../engine.ts'
import { networkEvent } from './create.ts'
import { checkEndpoint, type EndpointSettings } from './endpoint.ts'
import { ensureBridge } from './enter.ts'
import { rewriteEtcFiles } from './files.ts'
import { publishedPorts } from './firewall.ts'
import { modeOf } from './mode.ts'
import { endpointOf, orderedNetworks, placeIn } from './place.ts'
import type { NetworkRecord } from './record.ts'
import type { EndpointState } from './sandbox.ts'
import { settled } from './settle.ts'

/** @throws UserError in docker's words; then the container is where it was. */
export function connectNetwork(
  engine: Engine,
  found: NetworkRecord,
  container: Container,
  settings: EndpointSettings,
): Promise<void> {
  return container.lock.run(async () => {
    const network = settled(engine, found)
    refuseMode(container, network)
    checkEndpoint(network, settings)
    const { record } = container
    if (network.name in record.networks && container.alive)
      throw new UserError('denied', `endpoint with name ${record.name} already exists in network ${network.name}`)
    const wasNone = 'none' in record.networks
    if (wasNone)
      throw new UserError(
        'denied',
        'container cannot be connected to multiple networks with one of the networks in private (none) mode',
      )
    container.record = { ...record, networks: { ...record.networks, [network.name]: settings } }
    try {
      if (container.alive) await connectRunning(engine, network, container, settings)
      await saveRecord(container)
    } catch (error) {
      container.record = record
      throw error
    }
    if (container.alive) networkEvent(engine, network, 'connect', { container: container.id })
  })
}

/** With `force`, what cannot be taken out of a running container is only told to the log. @throws UserError in docker’s words */
export function disconnectNetwork(
  engine: Engine,
  network: NetworkRecord,
  container: Container,
  { force }: { force: boolean },
): Promise<void> {
  return container.lock.run(async () => {
    const { record } = container
    if (modeOf(record.hostConfig).kind === 'host' && network.name === 'host')
      throw new UserError('denied', 'container cannot be disconnected from host network or connected to host network')
    if (!(network.name in record.networks))
      throw new UserError('denied', `container ${container.id} is not connected to network ${network.name}`)
    const { [network.name]: _gone, ...networks } = record.networks
    container.record = { ...record, networks }
    await saveRecord(container)
    const endpoint = container.state.network?.endpoints[network.name]
    if (endpoint === undefined) return
    try {
      await disconnectRunning(engine, network, container, endpoint)
    } catch (error) {
      if (!force) throw error
      engine.log(`container ${container.id} leaves network ${network.name} by force: ${String(error)}`)
    }
    networkEvent(engine, network, 'disconnect', { container: container.id })
  })
}

function refuseMode({ record }: Container, network: NetworkRecord): void {
  const { kind } = modeOf(record.hostConfig)
  if (kind === 'host' || network.driver === 'host')
    throw new UserError('denied', 'container cannot be disconnected from host network or connected to host network')
  if (kind === 'container')
    throw new UserError(
      'denied',
      'container sharing network namespace with another container or host cannot be connected to any other network',
    )
  if (network.driver === 'null')
    throw new UserError(
      'denied',
      'container cannot be connected to multiple networks with one of the networks in private (none) mode',
    )
}

async function connectRunning(
  engine: Engine,
  network: NetworkRecord,
  container: Container,
  settings: EndpointSettings,
): Promise<void> {
  const before = container.state.network ?? { id: container.id, endpoints: {}, ports: [] }
  const place = placeIn(engine, network, settings, freeInterface(Object.values(before.endpoints)))
  container.change({ network: { ...before, endpoints: { ...before.endpoints, [network.name]: place } } })
  try {
    await ensureBridge(engine, network)
    await engine.networks.firewall.ensure()
    const [first] = orderedNetworks(engine, container, Object.keys(container.state.network?.endpoints ?? {}))
    const wayOut = first === network.name && !network.internal
    const endpoint = endpointOf(engine, container.id, network, place, wayOut)
    await engine.runtime.run(planConnect(endpoint, { pid: container.state.pid }))
    await openNames(engine, container)
  } catch (error) {
    container.change({
      network: container.state.network && { ...container.state.network, endpoints: before.endpoints },
    })
    engine.networks.unplugger.unplug([place.hostName])
    throw error
  }
}

async function disconnectRunning(
  engine: Engine,
  network: NetworkRecord,
  container: Container,
  endpoint: EndpointState,
): Promise<void> {
  const sandbox = container.state.network
  if (sandbox === undefined) return
  const portsBefore = publishedPorts(container, engine.networks.store)
  const { [network.name]: _gone, ...endpoints } = sandbox.endpoints
  container.change({ network: { ...sandbox, endpoints } })
  engine.networks.names.forget(container.id, network.id)
  const portsAfter = publishedPorts(container, engine.networks.store)
  if (JSON.stringify(portsBefore) !== JSON.stringify(portsAfter)) {
    await engine.networks.firewall.withdraw(portsBefore)
    await engine.networks.firewall.publish(portsAfter)
  }
  const [name] = orderedNetworks(engine, container, Object.keys(endpoints))
  const next = name === undefined ? undefined : endpoints[name]
  const nextNetwork = next && engine.networks.store.find(next.networkId)
  const follow =
    next && nextNetwork && !nextNetwork.internal ? endpointOf(engine, container.id, nextNetwork, next, true) : undefined
  await engine.runtime.run(
    planDisconnect(endpointOf(engine, container.id, network, endpoint, false), { pid: container.state.pid }, follow),
  )
  rewriteEtcFiles(engine, container)
  engine.networks.names.refresh(container)
}

/** A container that comes to its first user network gets a server of names with it. */
async function openNames(engine: Engine, container: Container): Promise<void> {
  const { names } = engine.networks
  names.announce(container)
  if (names.has(container.id)) names.refresh(container)
  else await names.open(container, `/proc/${container.state.pid}/ns/net`)
  rewriteEtcFiles(engine, container)
}

function freeInterface(endpoints: readonly EndpointState[]): string {
  const taken = new Set(endpoints.map((endpoint) => endpoint.interface))
  for (let number = 0; ; number++) if (!taken.has(`eth${number}`)) return `eth${number}`
}
