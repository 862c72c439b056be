/** What a new daemon takes up again for a container that runs: the sockets that hold its ports, its names, its server of names. */
import type { Container } from '../containers/model.ts'
import type { Engine } from '../engine.ts'
import { publishedFrom } from './ports/follow.ts'

/** What cannot be taken up is in the log: the container runs on, and reaches whom it reached. */
export async function rejoinNetworks(engine: Engine, container: Container): Promise<void> {
  const { network, pid } = container.state
  if (network === undefined) return
  const { names, ports } = engine.networks
  const failed = (what: string) => (error: unknown) =>
    engine.log(`${what} of container ${container.id} are not back: ${String(error)}`)
  names.announce(container)
  const where = publishedFrom(engine, container.record, network)
  if (where !== undefined) await ports.adopt(container.id, network.ports, where).catch(failed('ports'))
  await names.open(container, `/proc/${pid}/ns/net`).catch(failed('names'))
}
