/** POST /networks/{id}/connect and /disconnect: of a container that runs at once, of one that does not for its next start. */
import { planConnect, planDisconnect } from '@mini-docker/net'
import { SyscallError, UserError, type Step } from '@mini-docker/syscall'
import { StatusError } from '../api/status.ts'
import { saveRecord } from '../containers/create.ts'
import type { Container } from '../containers/model.ts'
import type { Engine } from '../engine.ts'
import { networkEvent } from './create.ts'
import { ensureDevice, missingDevices, planDevice } from './devices.ts'
import { checkEndpoint, type EndpointSettings } from './endpoint.ts'
import { rewriteEtcFiles } from './files.ts'
import { modeOf } from './mode.ts'
import { orderedNetworks, orderedPlaces } from './order.ts'
import { endpointOf, placeIn } from './place.ts'
import { followPlace, whereLed } from './ports/follow.ts'
import { isInternal, type NetworkRecord } from './record.ts'
import type { EndpointState } from './sandbox.ts'
import { settled } from './settle.ts'
import { whenVacated } from './vacate.ts'

/** @throws UserError in docker's words; then the container is where it was. */
export function connectNetwork(
  engine: Engine,
  found: NetworkRecord,
  container: Container,
  settings: EndpointSettings,
): Promise<void> {
  return container.lock.run(async () => {
    stillThere(engine, container, found)
    const network = settled(engine, found)
    if (!network.configOnly) refuseMode(container, network)
    checkEndpoint(network, settings)
    const { record } = container
    if (network.name in record.networks && container.alive)
      throw new UserError('denied', `endpoint with name ${record.name} already exists in network ${network.name}`)
    const wasNone = 'none' in record.networks
    if (wasNone)
      throw new UserError(
        'invalid',
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
    stillThere(engine, container, network)
    const { record } = container
    if (modeOf(record.hostConfig).kind === 'host' && network.name === 'host')
      throw new UserError('invalid', 'container cannot be disconnected from host network or connected to host network')
    if (!(network.name in record.networks))
      throw new StatusError(500, `container ${container.id} is not connected to network ${network.name}`)
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

/** Both may have been removed while another request had the container. @throws UserError `not-found` */
function stillThere({ containers, networks }: Engine, { id }: Container, { id: networkId }: NetworkRecord): void {
  containers.find(id)
  networks.store.find(networkId)
}

/** The steps of a connect, of a container that runs. @throws what connect refuses */
export function previewConnect(
  engine: Engine,
  found: NetworkRecord,
  container: Container,
  settings: EndpointSettings,
): Step[] {
  const { record, state, id } = container
  const network = settled(engine, found)
  if (!network.configOnly) refuseMode(container, network)
  checkEndpoint(network, settings)
  if (!container.alive) return []
  if (network.name in record.networks)
    throw new UserError('denied', `endpoint with name ${record.name} already exists in network ${network.name}`)
  const endpoints = state.network?.endpoints ?? {}
  const place = placeIn(engine, network, settings, interfacesOf(endpoints))
  const joined = { networks: { ...record.networks, [network.name]: settings } }
  const [first] = orderedNetworks(engine.networks.store, joined, [...Object.keys(endpoints), network.name])
  const endpoint = endpointOf(engine, id, network, place, first === network.name && !isInternal(network))
  const device = missingDevices(engine, [network]).length > 0 ? planDevice(engine, network) : []
  return [...device, ...planConnect(endpoint, { pid: state.pid })]
}

/** The steps of a disconnect, of a container that runs. @throws what disconnect refuses */
export function previewDisconnect(engine: Engine, network: NetworkRecord, container: Container): Step[] {
  const { record, state, id } = container
  if (!(network.name in record.networks))
    throw new UserError('denied', `container ${id} is not connected to network ${network.name}`)
  const { [network.name]: endpoint, ...endpoints } = state.network?.endpoints ?? {}
  if (endpoint === undefined) return []
  const without = { id, record, state: { ...state, network: { ports: [], ...state.network, id, endpoints } } }
  const next = nextWayOut(engine, without)
  return planDisconnect(endpointOf(engine, id, network, endpoint, false), { pid: state.pid }, next)
}

function refuseMode({ record }: Container, network: NetworkRecord): void {
  const { kind } = modeOf(record.hostConfig)
  if (kind === 'host' || network.driver === 'host')
    throw new UserError('invalid', 'container cannot be disconnected from host network or connected to host network')
  if (kind === 'container')
    throw new UserError(
      'invalid',
      'container sharing network namespace with another container or host cannot be connected to any other network',
    )
  if (network.driver === 'null')
    throw new UserError(
      'invalid',
      'container cannot be connected to multiple networks with one of the networks in private (none) mode',
    )
}

async function connectRunning(
  engine: Engine,
  network: NetworkRecord,
  container: Container,
  settings: EndpointSettings,
): Promise<void> {
  const { networks } = engine
  const led = whereLed(engine, container)
  const { before, place } = await whenVacated(engine, () => {
    const before = container.state.network ?? { id: container.id, endpoints: {}, ports: [] }
    const place = placeIn(engine, network, settings, interfacesOf(before.endpoints))
    container.change({ network: { ...before, endpoints: { ...before.endpoints, [network.name]: place } } })
    return { before, place }
  })
  const names = orderedNetworks(networks.store, container.record, Object.keys(container.state.network?.endpoints ?? {}))
  const wayOut = names[0] === network.name && !isInternal(network)
  const endpoint = endpointOf(engine, container.id, network, place, wayOut)
  try {
    await ensureDevice(engine, network)
    await networks.firewall.ensure()
    await engine.runtime.run(planConnect(endpoint, { pid: container.state.pid }))
    await openNames(engine, container)
    await followPlace(engine, container, led)
  } catch (error) {
    container.change({
      network: container.state.network && { ...container.state.network, endpoints: before.endpoints },
    })
    networks.names.forget(container.id, network.id)
    networks.names.refresh(container)
    await takeOut(engine, container, endpoint, error)
    throw error
  }
}

/** What a connect that failed has made. A link of that name that was there before is the container's own. */
async function takeOut(
  engine: Engine,
  container: Container,
  endpoint: ReturnType<typeof endpointOf>,
  error: unknown,
): Promise<void> {
  if (error instanceof SyscallError && error.code === 'EEXIST' && !('bridge' in endpoint)) return
  const next = nextWayOut(engine, container)
  await engine.runtime
    .run(planDisconnect(endpoint, { pid: container.state.pid }, next))
    .catch((again: unknown) => engine.log(`container ${container.id} keeps ${endpoint.name}: ${String(again)}`))
}

/** The place that has the way out now, for the planners; undefined without one. */
function nextWayOut(engine: Engine, { id, record, state }: Pick<Container, 'id' | 'record' | 'state'>) {
  const [next] = orderedPlaces(engine.networks.store, record, state.network)
  return next === undefined || isInternal(next.network)
    ? undefined
    : endpointOf(engine, id, next.network, next.endpoint, true)
}

async function disconnectRunning(
  engine: Engine,
  network: NetworkRecord,
  container: Container,
  endpoint: EndpointState,
): Promise<void> {
  const sandbox = container.state.network
  if (sandbox === undefined) return
  const led = whereLed(engine, container)
  const { [network.name]: _gone, ...endpoints } = sandbox.endpoints
  container.change({ network: { ...sandbox, endpoints } })
  engine.networks.names.forget(container.id, network.id)
  await followPlace(engine, container, led).catch((error: unknown) =>
    engine.log(`ports of container ${container.id} are lost: ${String(error)}`),
  )
  const next = nextWayOut(engine, container)
  await engine.runtime.run(
    planDisconnect(endpointOf(engine, container.id, network, endpoint, false), { pid: container.state.pid }, next),
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

function interfacesOf(endpoints: Record<string, EndpointState>): string[] {
  return Object.values(endpoints).map((endpoint) => endpoint.interface)
}
