/**
 * A container comes into its networks, before it starts: its addresses are chosen, the host's ports held, and what the kernel has to do is
 * written down as steps of the start. Whatever is decided stands in its state before anything is done.
 */
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { planAddress, planDns, planHostSocket, planMacvlan, planNat, planPorts, planVeth } from '@mini-docker/net'
import { ref, SIGKILL, UserError, type Step } from '@mini-docker/syscall'
import { saveRecord } from '../containers/create.ts'
import type { Container, ContainerRecord } from '../containers/model.ts'
import type { Engine } from '../engine.ts'
import type { Monitor } from '../runtime-port.ts'
import { networkEvent } from './create.ts'
import { planMissingDevices, requireCapability } from './devices.ts'
import { onUserNetwork } from './dns.ts'
import { checkEndpoint, NO_SETTINGS } from './endpoint.ts'
import { publishedPorts } from './firewall.ts'
import { leaveNetworks } from './leave.ts'
import { modeOf } from './mode.ts'
import { orderedPlaces } from './order.ts'
import { endpointOf, placeIn } from './place.ts'
import { parseBindings } from './ports/bindings.ts'
import { publishedFrom } from './ports/follow.ts'
import { refusal } from './ports/reserve.ts'
import { isInternal, type NetworkRecord } from './record.ts'
import type { EndpointState, SandboxState } from './sandbox.ts'
import { settled } from './settle.ts'
import { whenVacated } from './vacate.ts'

/** What a start has to do for the network. `path` is a namespace to join. */
export type NetworkPlan = { before: Step[]; born: Step[]; inside: Step[]; path?: string }

const NOTHING: NetworkPlan = { before: [], born: [], inside: [] }

/**
 * Puts the container into its networks. When the start fails after this, `leaveNetworks` takes it out.
 * @throws UserError, StatusError in docker's words, with nothing left
 */
export async function enterNetworks(engine: Engine, container: Container): Promise<NetworkPlan> {
  const mode = modeOf(container.record.hostConfig)
  if (mode.kind === 'container') return { ...NOTHING, path: joinedNamespace(engine, container.record, mode.reference) }
  if (mode.kind !== 'network') return NOTHING
  requireCapability(engine)
  try {
    await returnToMain(engine, container, mode.name)
    const sandbox = await whenVacated(engine, () => {
      const drawn = drawSandbox(engine, container.record)
      container.change({ network: drawn })
      return drawn
    })
    await holdPorts(engine, container, sandbox)
    await engine.networks.firewall.ensure()
    return planNetworks(engine, container.record, container.state.network ?? sandbox)
  } catch (error) {
    await leaveNetworks(engine, container)
    throw error
  }
}

/**
 * Lets the kernel lead ports to the container, while it starts: until then, what arrives is passed on by the socket that holds the port.
 * The container is killed where that fails.
 */
export async function publishWhile<T extends { monitor: Monitor }>(
  engine: Engine,
  container: Container,
  start: Promise<T>,
): Promise<T> {
  const published = engine.networks.firewall.publish(publishedPorts(container, engine.networks.store))
  const [started, led] = await Promise.allSettled([start, published])
  if (started.status === 'rejected') throw started.reason
  if (led.status === 'fulfilled') return started.value
  started.value.monitor.signal(SIGKILL)
  await started.value.monitor.exited.catch(() => {})
  // It was no run: a daemon that finds its end would tell of one.
  fs.rmSync(path.join(container.dir, 'exit'), { force: true })
  const where = publishedFrom(engine, container.record, container.state.network)
  if (where === undefined || !(led.reason instanceof Error)) throw led.reason
  throw refusal(where, led.reason.message, led.reason)
}

/** Tells of a container that has come in. */
export function enteredNetworks(engine: Engine, { id, state }: Container): void {
  for (const { networkId } of Object.values(state.network?.endpoints ?? {}))
    if (engine.networks.store.has(networkId))
      networkEvent(engine, engine.networks.store.find(networkId), 'connect', { container: id })
}

/** The same as steps, for a container that is only looked at: nothing is held, nothing kept. */
export function previewNetworks(
  engine: Engine,
  record: ContainerRecord,
): NetworkPlan & { sandbox: SandboxState | undefined } {
  const mode = modeOf(record.hostConfig)
  if (mode.kind === 'container')
    return { ...NOTHING, path: joinedNamespace(engine, record, mode.reference), sandbox: undefined }
  if (mode.kind !== 'network') return { ...NOTHING, sandbox: undefined }
  const sandbox = drawSandbox(engine, record)
  const ports = parseBindings(record.hostConfig, record.config.ExposedPorts).map((binding) => ({
    protocol: binding.protocol,
    containerPort: binding.containerPort,
    hostIp: binding.hostIp || '0.0.0.0',
    // One that is chosen when it starts: the first of those the kernel takes from.
    hostPort: binding.from || 32_768,
  }))
  const chosen = { ...sandbox, ports }
  return { ...planNetworks(engine, record, chosen), sandbox: chosen }
}

/** The other container's network namespace. @throws UserError `conflict` when it does not run */
function joinedNamespace(engine: Engine, { id }: ContainerRecord, reference: string): string {
  const other = engine.containers.find(reference)
  if (other.id === id) throw new UserError('invalid', 'cannot join own network')
  if (!other.alive) throw new UserError('conflict', `cannot join network of a non running container: ${other.id}`)
  return `/proc/${other.state.pid}/ns/net`
}

/** A container that has left all its networks comes back to the one that it was made with. @throws UserError `not-found` where that is gone */
async function returnToMain(engine: Engine, container: Container, main: string): Promise<void> {
  if (Object.keys(container.record.networks).length > 0) return
  const { name } = engine.networks.store.find(main)
  container.record = { ...container.record, networks: { [name]: NO_SETTINGS } }
  await saveRecord(container)
}

/** Addresses in all networks that the record names. Synchronous: what it chose is taken when the caller has it in the state. */
function drawSandbox(engine: Engine, record: ContainerRecord): SandboxState {
  const mode = modeOf(record.hostConfig)
  const isMain = ({ name, id }: NetworkRecord) =>
    mode.kind === 'network' && (name === mode.name || id.startsWith(mode.name))
  const found = Object.keys(record.networks)
    .toSorted()
    .map((name) => engine.networks.store.byName(name))
    .toSorted((a, b) => Number(isMain(b)) - Number(isMain(a)))
  const endpoints: Record<string, EndpointState> = {}
  for (const network of found.map((one) => settled(engine, one))) {
    const settings = record.networks[network.name] ?? NO_SETTINGS
    checkEndpoint(network, settings)
    const interfaces = Object.values(endpoints).map((endpoint) => endpoint.interface)
    endpoints[network.name] = placeIn(engine, network, settings, interfaces)
  }
  return { id: randomBytes(32).toString('hex'), endpoints, ports: [] }
}

async function holdPorts(engine: Engine, container: Container, sandbox: SandboxState): Promise<void> {
  const bindings = parseBindings(container.record.hostConfig, container.record.config.ExposedPorts)
  if (bindings.length === 0) return
  const where = publishedFrom(engine, container.record, sandbox)
  if (where === undefined) return
  engine.networks.firewall.require()
  const ports = await engine.networks.ports.reserve(container.id, bindings, where)
  container.change({ network: { ...sandbox, ports } })
}

/** The steps that make it so. The bridges and the table are among them where they are not there yet. */
function planNetworks(engine: Engine, record: ContainerRecord, sandbox: SandboxState): NetworkPlan {
  const { store, firewall } = engine.networks
  const places = orderedPlaces(store, record, sandbox)
  const wayOut = places.find(({ network }) => !isInternal(network))
  const endpoints = places.map((place) =>
    endpointOf(engine, record.id, place.network, place.endpoint, place === wayOut),
  )
  const devices = planMissingDevices(
    engine,
    places.map(({ network }) => network),
  )
  const nat = firewall.state()
  const ports = publishedPorts({ record, state: { network: sandbox } }, store)
  return {
    before: [
      planHostSocket(),
      ...devices,
      ...(firewall.available && devices.some(({ id }) => id === 'network.bridge') ? [planNat(nat)] : []),
      ...(firewall.available && ports.length > 0 ? [planPorts(nat.owner, ports)] : []),
    ],
    born: [
      // Links with our alias are found again by it; a pair goes with its namespace.
      ...endpoints.map((endpoint) =>
        'bridge' in endpoint ? { ...planVeth(endpoint, ref('child')), undo: [] } : planMacvlan(endpoint, ref('child')),
      ),
      ...(onUserNetwork(store, { state: { network: sandbox } }) ? [planDns()] : []),
    ],
    inside: endpoints.map(planAddress),
  }
}
