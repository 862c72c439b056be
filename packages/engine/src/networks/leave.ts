/** A container leaves its networks: when it ends, when its start fails, when a daemon finds that it ended. */
import { NetlinkSocket, findOwned, removeLink } from '@mini-docker/net'
import { SyscallError } from '@mini-docker/syscall'
import type { Container } from '../containers/model.ts'
import type { Engine } from '../engine.ts'
import { networkEvent } from './create.ts'
import { publishedPorts } from './firewall.ts'

/**
 * Gives back addresses and ports, and has the links removed at once: the kernel would in its own time. Nobody waits for the kernel and for nft: the
 * addresses are free when they are done. What fails is in the log, and left to gc.
 */
export async function leaveNetworks(engine: Engine, container: Container): Promise<void> {
  const { network } = container.state
  engine.networks.ports.release(container.id)
  if (network === undefined) return
  const { store, firewall, names, unplugger, departing } = engine.networks
  names.forget(container.id)
  await names.close(container.id)
  const ports = publishedPorts(container, store)
  const endpoints = Object.values(network.endpoints)
  container.change({ network: undefined })
  // A macvlan has no end on the host.
  unplugger.unplug(endpoints.flatMap(({ hostName }) => (hostName === '' ? [] : [hostName])))
  const withdrawn = firewall
    .withdraw(ports)
    .catch((error: unknown) => engine.log(`ports of container ${container.id} are not withdrawn: ${String(error)}`))
  departing.add(network, withdrawn)
  for (const { networkId } of endpoints)
    if (store.has(networkId)) networkEvent(engine, store.find(networkId), 'disconnect', { container: container.id })
}

/** Links and rules of ours that belong to nobody. @returns the names of the links that were removed */
export async function sweepNetworks(engine: Engine): Promise<string[]> {
  const removed: string[] = []
  try {
    using socket = NetlinkSocket.open()
    for (const { name, index } of engine.networks.garbage(socket)) if (removeLink(index, socket)) removed.push(name)
    // Where nothing of ours is there is nothing to mend.
    if (findOwned(engine.networks.owner, socket).length > 0) await engine.networks.firewall.repair()
  } catch (error) {
    // Without privileges there are no links of ours.
    if (!(error instanceof SyscallError) || error.code !== 'EPERM')
      engine.log(`networks are not swept: ${String(error)}`)
  }
  return removed
}
