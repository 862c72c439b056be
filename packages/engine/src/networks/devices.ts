/** What a network is on the host: a bridge, or the interface that a macvlan is on. Made when a container first needs it, removed with the network. */
import { NetlinkSocket, planBridge, planParent, planRemoveBridge, planRemoveParent } from '@mini-docker/net'
import { capabilityMask } from '@mini-docker/security'
import { UserError, type Step } from '@mini-docker/syscall'
import type { Engine } from '../engine.ts'
import { parentOf, parentToMake } from './macvlan.ts'
import { bridgeName, hasEndpoints, type NetworkRecord } from './record.ts'
import { findLink } from './settle.ts'

/** The steps that make what is missing, without the socket to the host that the first one opens. */
export function planMissingDevices(engine: Engine, networks: readonly NetworkRecord[]): Step[] {
  return missingDevices(engine, networks).flatMap((network) => planDevice(engine, network).slice(1))
}

/** Those that have to be made. A link of ours is switched on last: one that is up was finished. Making one twice is the same as once. */
export function missingDevices(engine: Engine, networks: readonly NetworkRecord[]): NetworkRecord[] {
  using socket = NetlinkSocket.open()
  return networks.filter((network) => {
    const link = findLink(socket, deviceOf(network))
    // What others made is as they want it.
    if (network.driver === 'macvlan') return link === undefined || (!link.up && engine.networks.isOurs(link.alias))
    return link?.up !== true || link.alias !== engine.networks.alias(network.id)
  })
}

/** Makes a network's link on the host for a container that runs already. */
export async function ensureDevice(engine: Engine, network: NetworkRecord): Promise<void> {
  requireCapability(engine)
  if (missingDevices(engine, [network]).length > 0) await engine.runtime.run(planDevice(engine, network))
}

/** Removes what was made for a network that is no more. A link that was there before us, or that another network is on, stays. */
export async function removeDevice(engine: Engine, network: NetworkRecord): Promise<void> {
  const steps = planDeviceRemoval(engine, network)
  if (steps.length > 0) await engine.runtime.run(steps)
}

/** The steps of it. */
export function planDeviceRemoval(engine: Engine, network: NetworkRecord): Step[] {
  if (!hasEndpoints(network)) return []
  const name = deviceOf(network)
  const shared = engine.networks.store
    .all()
    .some((other) => other.id !== network.id && other.driver === 'macvlan' && parentOf(other) === name)
  if (shared || !engine.networks.ownsLink(name)) return []
  return network.driver === 'macvlan' ? planRemoveParent(name) : planRemoveBridge(name)
}

/** @throws UserError `unavailable` where this daemon may make no links */
export function requireCapability({ host }: Engine): void {
  if ((host.capabilities.available & capabilityMask(['CAP_NET_ADMIN'])) !== 0n) return
  throw new UserError('unavailable', 'a bridge network needs CAP_NET_ADMIN, which this daemon does not have', {
    hint: 'use --network host',
  })
}

/** The steps that make it, whether it is there or not. */
export function planDevice(engine: Engine, network: NetworkRecord): Step[] {
  return network.driver === 'macvlan'
    ? planParent(parentToMake(network, engine.networks.alias(network.id)))
    : planBridge(engine.networks.bridge(network))
}

function deviceOf(network: NetworkRecord): string {
  return network.driver === 'macvlan' ? parentOf(network) : bridgeName(network)
}
