/**
 * What networks and containers should be after a sequence of requests, and what each request should be answered: docker's status codes. The
 * model knows nothing of links and rules; addresses it takes as they come, and holds the daemon to them.
 */

export type NetworkKind = { name: string; subnet: string; subnet6?: string; internal?: boolean; addresses: number }

/** Few of each, so that they meet; one with room for a single container, one without a way out, one with IPv6. */
export const NETWORKS: readonly NetworkKind[] = [
  { name: 'wide', subnet: '10.90.0.0/29', addresses: 5 },
  { name: 'tiny', subnet: '10.90.1.0/30', addresses: 1 },
  { name: 'shut', subnet: '10.90.2.0/29', addresses: 5, internal: true },
  { name: 'both', subnet: '10.90.3.0/29', addresses: 5, subnet6: 'fd90:3::/64' },
]
/** No names that the beginning of an id can be. */
export const CONTAINERS = ['k0', 'k1', 'k2', 'k3'] as const
/** Asked for by some: `10.90.N.5`. */
export const wantedAddress = (network: string): string =>
  `10.90.${NETWORKS.findIndex(({ name }) => name === network)}.${network === 'tiny' ? 2 : 5}`

export type ModelContainer = {
  mode: string
  port: number | undefined
  running: boolean
  /** The networks that it is in when it runs, with the address that it asks for. */
  networks: Map<string, string | undefined>
  /** While it runs: those that the daemon gave it. */
  addresses: Map<string, string>
  holdsPort: boolean
}

export class NetworkModel {
  readonly networks = new Set<string>()
  readonly containers = new Map<string, ModelContainer>()

  members(network: string): ModelContainer[] {
    return [...this.containers.values()].filter(({ running, networks }) => running && networks.has(network))
  }

  createNetwork(name: string): number {
    if (this.networks.has(name)) return 409
    this.networks.add(name)
    return 201
  }

  removeNetwork(name: string): number {
    if (!this.networks.has(name)) return 404
    if (this.members(name).length > 0) return 403
    this.networks.delete(name)
    return 204
  }

  /** Docker's: those that no running container is in. */
  pruneNetworks(): string[] {
    const unused = [...this.networks].filter((name) => this.members(name).length === 0)
    for (const name of unused) this.networks.delete(name)
    return unused
  }

  createContainer(name: string, mode: string, wanted: string | undefined, port: number | undefined): number {
    if (this.containers.has(name)) return 409
    if (mode !== 'bridge' && mode !== 'none' && !this.networks.has(mode)) return 400
    const networks = new Map(mode === 'none' ? [] : [[mode, wanted]])
    this.containers.set(name, { mode, port, running: false, networks, addresses: new Map(), holdsPort: false })
    return 201
  }

  start(name: string): number {
    const container = this.containers.get(name)
    if (container === undefined) return 404
    if (container.running) return 304
    // One that is in no network any more is put back into its first.
    if (container.networks.size === 0 && container.mode !== 'none') container.networks.set(container.mode, undefined)
    for (const [network, wanted] of inOrder(container)) {
      const refused = this.#refusal(network, wanted)
      if (refused !== undefined) return refused
    }
    const holdsPort = container.port !== undefined && leadsOut(container)
    if (holdsPort && this.#portHolders(container.port) > 0) return 500
    container.running = true
    container.holdsPort = holdsPort
    return 204
  }

  stop(name: string): number {
    const container = this.containers.get(name)
    if (container === undefined) return 404
    if (!container.running) return 304
    ended(container)
    return 204
  }

  kill(name: string): number {
    const container = this.containers.get(name)
    if (container === undefined) return 404
    if (!container.running) return 409
    ended(container)
    return 204
  }

  remove(name: string, force: boolean): number {
    const container = this.containers.get(name)
    if (container === undefined) return 404
    if (container.running && !force) return 409
    this.containers.delete(name)
    return 204
  }

  connect(name: string, network: string, wanted: string | undefined): number {
    const container = this.containers.get(name)
    if (container === undefined || !this.#exists(network)) return 404
    if (container.mode === 'none') return 400
    if (container.running && container.networks.has(network)) return 403
    if (container.running) {
      const refused = this.#refusal(network, wanted)
      if (refused !== undefined) return refused
      // The first that leads to the host: the ports are taken as at a start.
      if (container.port !== undefined && !container.holdsPort && !isInternal(network)) {
        if (this.#portHolders(container.port) > 0) return 500
        container.holdsPort = true
      }
    }
    container.networks.set(network, wanted)
    return 200
  }

  disconnect(name: string, network: string): number {
    const container = this.containers.get(name)
    if (container === undefined || !this.#exists(network)) return 404
    if (!container.networks.has(network)) return 500
    container.networks.delete(network)
    container.addresses.delete(network)
    if (!leadsOut(container)) container.holdsPort = false
    return 200
  }

  #exists(network: string): boolean {
    return network === 'bridge' || this.networks.has(network)
  }

  #refusal(network: string, wanted: string | undefined): number | undefined {
    if (!this.#exists(network)) return 404
    const taken = this.members(network).map(({ addresses }) => addresses.get(network))
    if (wanted !== undefined) return taken.includes(wanted) ? 403 : undefined
    const room = NETWORKS.find(({ name }) => name === network)?.addresses ?? Infinity
    return taken.length >= room ? 500 : undefined
  }

  #portHolders(port: number | undefined): number {
    return [...this.containers.values()].filter((one) => one.running && one.holdsPort && one.port === port).length
  }
}

export function isInternal(network: string): boolean {
  return NETWORKS.find(({ name }) => name === network)?.internal === true
}

export function leadsOut({ networks }: ModelContainer): boolean {
  return [...networks.keys()].some((network) => !isInternal(network))
}

/** Addresses are chosen for the first network of a container, then for the others by name. */
function inOrder({ mode, networks }: ModelContainer): [string, string | undefined][] {
  return [...networks].toSorted(([a], [b]) => Number(b === mode) - Number(a === mode) || (a < b ? -1 : 1))
}

function ended(container: ModelContainer): void {
  container.running = false
  container.holdsPort = false
  container.addresses.clear()
}
