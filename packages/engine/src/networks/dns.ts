/** Names on user networks: each running container on one has a server of its own at 127.0.0.11, in this process, which knows the networks it is in. */
import * as fs from 'node:fs'
import { DnsServer, embeddedResolvConf, NetworkNames, upstreamsOf, type DnsView } from '@mini-docker/net'
import { tell } from '@mini-docker/syscall'
import type { Container, ContainerRecord, ContainerState } from '../containers/model.ts'
import type { ContainerStore } from '../containers/store.ts'
import { parseLink } from './endpoint.ts'
import { dnsNames } from './json.ts'
import type { EndpointSettings } from './endpoint.ts'
import { orderedPlaces } from './order.ts'
import { isInternal, type NetworkRecord } from './record.ts'
import type { NetworkStore } from './store.ts'

export class NameService {
  readonly #store: NetworkStore
  readonly #containers: ContainerStore
  readonly #names = new Map<string, NetworkNames>()
  readonly #servers = new Map<string, DnsServer>()

  constructor(store: NetworkStore, containers: ContainerStore) {
    this.#store = store
    this.#containers = containers
  }

  /** Lets others find the container by the names it has in its networks. */
  announce(container: Container): void {
    const { id, record, state } = container
    for (const [name, endpoint] of Object.entries(state.network?.endpoints ?? {})) {
      if (!this.#store.has(endpoint.networkId)) continue
      const network = this.#store.find(endpoint.networkId)
      const settings = record.networks[name]
      if (network.predefined || settings === undefined) continue
      const aliases = dnsNames(network, record.name, id, settings, '') ?? []
      const addresses = [endpoint.ipv4, endpoint.ipv6].filter((address) => address !== '')
      this.#namesOf(network).set({ id, name: record.name, aliases, addresses })
    }
  }

  /** Nobody finds it any more, in one network or, without `networkId`, in any. */
  forget(containerId: string, networkId?: string): void {
    for (const [id, names] of this.#names) if (networkId === undefined || id === networkId) names.delete(containerId)
  }

  /** The network is no more. */
  forgetNetwork(networkId: string): void {
    this.#names.delete(networkId)
  }

  /** Opens the container's server; none for a container that is on no user network. */
  async open(container: Container, namespace: string): Promise<void> {
    if (!onUserNetwork(this.#store, container)) return
    const hostText = hostResolvConf()
    const server = await tell(
      'network.dns',
      () => `bind(<sockets in ${namespace}>, 127.0.0.11), and rules that lead port 53 there`,
      () =>
        DnsServer.open({
          namespace,
          view: this.#viewOf(container, hostText),
          upstreams: upstreamsOf(hostText, { servers: container.record.hostConfig.Dns ?? [] }),
        }),
    )
    await this.close(container.id)
    this.#servers.set(container.id, server)
  }

  has(containerId: string): boolean {
    return this.#servers.has(containerId)
  }

  /** When the container's networks have changed. */
  refresh(container: Container): void {
    const server = this.#servers.get(container.id)
    if (server !== undefined) server.view = this.#viewOf(container, hostResolvConf())
  }

  async close(containerId: string): Promise<void> {
    const server = this.#servers.get(containerId)
    this.#servers.delete(containerId)
    await server?.[Symbol.asyncDispose]()
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#servers.keys()].map((id) => this.close(id)))
  }

  #viewOf({ record, state }: Container, hostText: string): DnsView {
    // The network with the way out is asked first.
    const places = orderedPlaces(this.#store, record, state.network)
    const { ndotsSet } = embeddedResolvConf(hostText, resolverOptions(record))
    return {
      networks: places
        .filter(({ network }) => !network.predefined)
        .map(({ network, name }) => ({ names: this.#namesOf(network), links: this.#links(record.networks[name]) })),
      forwards: places.some(({ network }) => !isInternal(network)),
      ndotsSet,
    }
  }

  /** `--link db:alias`: a name of the linking container's own. */
  #links(settings: EndpointSettings | undefined): Map<string, string> {
    return new Map(
      (settings?.Links ?? []).map((link) => {
        const { name, alias } = parseLink(link)
        // One that was removed is called by the name it had, which nobody has now.
        return [alias, this.#containers.known(name)?.record.name ?? name]
      }),
    )
  }

  #namesOf({ id, name }: NetworkRecord): NetworkNames {
    const names = this.#names.get(id) ?? new NetworkNames(name)
    this.#names.set(id, names)
    return names
  }
}

export function onUserNetwork(store: NetworkStore, { state }: { state: Pick<ContainerState, 'network'> }): boolean {
  return Object.values(state.network?.endpoints ?? {}).some(
    ({ networkId }) => store.has(networkId) && !store.find(networkId).predefined,
  )
}

export function resolverOptions({ hostConfig: { DnsSearch, DnsOptions } }: Pick<ContainerRecord, 'hostConfig'>) {
  return { search: DnsSearch ?? [], options: DnsOptions ?? [] }
}

export function hostResolvConf(): string {
  return fs.existsSync('/etc/resolv.conf') ? fs.readFileSync('/etc/resolv.conf', 'utf8') : ''
}
