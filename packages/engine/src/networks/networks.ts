/** What the engine has of networks: their files, the firewall made from them, and the ports that are held. */
import * as path from 'node:path'
import { findOwned, NetlinkSocket, ownerAlias, parseCidr, type Bridge, type OwnedLink } from '@mini-docker/net'
import type { Step } from '@mini-docker/syscall'
import type { ContainerStore } from '../containers/store.ts'
import { NameService } from './dns.ts'
import { Firewall, natNetworks, publishedPorts } from './firewall.ts'
import { PortReservations } from './ports/reserve.ts'
import { parentOf } from './macvlan.ts'
import { bridgeName, mtuOf, ownerOf, type NetworkRecord } from './record.ts'
import { endpointsOf } from './sandbox.ts'
import { findLink } from './settle.ts'
import { NetworkStore } from './store.ts'
import { Unplugger } from './unplug.ts'
import { Departing } from './vacate.ts'

export type NetworksOptions = {
  root: string
  runRoot: string
  containers: ContainerStore
  /** Makes steps of the host. */
  run: (steps: Step[]) => Promise<void>
  log: (line: string) => void
}

export class Networks {
  readonly store: NetworkStore
  /** In the aliases of links, and where this is not the machine's own daemon, in the name of the table. */
  readonly owner: string
  readonly firewall: Firewall
  readonly ports = new PortReservations()
  readonly names: NameService
  readonly unplugger: Unplugger
  /** Of containers that have ended: taken until no rule leads there any more. */
  readonly departing = new Departing()
  readonly #containers: ContainerStore

  constructor(options: NetworksOptions) {
    const { root, runRoot, containers, run, log } = options
    this.#containers = containers
    this.store = new NetworkStore(root, log)
    this.names = new NameService(this.store, containers)
    this.owner = ownerOf(path.resolve(runRoot))
    const tableOwner = path.resolve(runRoot) === '/run/mini-docker' ? undefined : this.owner
    this.unplugger = new Unplugger(run, (error) => log(`links are not removed: ${String(error)}`))
    const state = () => ({
      owner: tableOwner,
      networks: natNetworks(this.store.all()),
      ports: containers.all().flatMap((container) => publishedPorts(container, this.store)),
    })
    this.firewall = new Firewall(state, log)
  }

  /** Resolves when links and rules of those who have left are gone. */
  async left(): Promise<void> {
    await this.unplugger.idle()
    await this.departing.vacated
  }

  alias(id: string): string {
    return ownerAlias(this.owner, id)
  }

  /** The bridge that a network is. */
  bridge(network: NetworkRecord): Bridge {
    return {
      name: bridgeName(network),
      alias: this.alias(network.id),
      mtu: mtuOf(network),
      addresses: network.pools.flatMap(({ Subnet, Gateway }) =>
        Gateway === undefined ? [] : [parseCidr(`${Gateway}/${Subnet.split('/')[1]}`)],
      ),
    }
  }

  /** Links with our name on them that no network and no endpoint has. */
  garbage(socket: NetlinkSocket): OwnedLink[] {
    const all = this.#containers.all()
    const hostNames = new Set(
      all.flatMap(({ state }) => Object.values(state.network?.endpoints ?? {}).map(({ hostName }) => hostName)),
    )
    const parents = new Set(this.store.all().flatMap((one) => (one.driver === 'macvlan' ? [parentOf(one)] : [])))
    return findOwned(this.owner, socket).filter(({ kind, name, id }) => {
      if (kind === 'bridge') return !this.store.has(id)
      return kind === 'veth' ? !hostNames.has(name) : !parents.has(name)
    })
  }

  /** Whether containers are in it now. */
  inUse({ id }: NetworkRecord): boolean {
    return endpointsOf(this.#containers.all(), id).length > 0
  }

  ownsLink(name: string): boolean {
    using socket = NetlinkSocket.open()
    return this.isOurs(findLink(socket, name)?.alias)
  }

  /** By a link's alias. */
  isOurs(alias: string | undefined): boolean {
    return alias?.startsWith(this.alias('-').slice(0, -1)) === true
  }

  /** What runs in this process for containers. They go on without it, and a new daemon takes it up again. */
  async close(): Promise<void> {
    this.ports.releaseAll()
    await this.names.closeAll()
    await this.firewall.settled()
    await this.unplugger.idle()
  }
}
