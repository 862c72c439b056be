/** DELETE /networks/{id}, and prune. The file goes first: what is left of a removal that is cut short, gc takes away. */
import { UserError } from '@mini-docker/syscall'
import { filterUntil, matchLabels, type Filters } from '../api/query.ts'
import type { Engine } from '../engine.ts'
import { networkEvent } from './create.ts'
import { removeDevice } from './devices.ts'
import type { NetworkRecord } from './record.ts'
import { endpointsOf } from './sandbox.ts'

/** @throws UserError `denied` in docker's words, for a network that containers are in, and for docker's own. */
export async function removeNetwork(engine: Engine, network: NetworkRecord): Promise<void> {
  if (network.predefined)
    throw new UserError('denied', `${network.name} is a pre-defined network and cannot be removed`)
  const members = endpointsOf(engine.containers.all(), network.id)
  if (members.length > 0) {
    const names = members.map(
      ({ container, endpoint }) => `name:"${container.record.name}" id:"${endpoint.endpointId.slice(0, 12)}"`,
    )
    throw new UserError(
      'denied',
      `error while removing network: network ${network.name} has active endpoints (${names.join(', ')})`,
    )
  }
  if (network.configOnly && isSource(engine, network))
    throw new UserError('denied', `configuration network "${network.name}" is in use`)
  engine.networks.store.delete(network)
  engine.networks.names.forgetNetwork(network.id)
  await removeDevice(engine, network)
  await engine.networks.firewall.forget()
  networkEvent(engine, network, 'destroy')
}

/** Networks were made from its settings. */
function isSource({ networks }: Engine, { name }: NetworkRecord): boolean {
  return networks.store.all().some(({ configFrom }) => configFrom === name)
}

/** Those that a prune takes. */
export function prunableNetworks(engine: Engine, filters: Filters): NetworkRecord[] {
  const until = filterUntil(filters)
  return engine.networks.store
    .all()
    .filter(
      (network) =>
        !network.predefined &&
        !engine.networks.inUse(network) &&
        matchLabels(filters, network.labels) &&
        (until === undefined || BigInt(Date.parse(network.created)) * 1_000_000n <= until),
    )
}

/** Removes the user's networks that no running container is in. One that only stopped ones name goes too, as in docker. */
export async function pruneNetworks(engine: Engine, filters: Filters): Promise<{ NetworksDeleted: string[] | null }> {
  const deleted: string[] = []
  for (const network of prunableNetworks(engine, filters)) {
    if (!engine.networks.store.has(network.id) || engine.networks.inUse(network)) continue
    if (network.configOnly && isSource(engine, network)) continue
    await removeNetwork(engine, network)
    deleted.push(network.name)
  }
  return { NetworksDeleted: deleted.length === 0 ? null : deleted }
}
