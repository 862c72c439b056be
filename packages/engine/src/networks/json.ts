/** Networks, and containers' places in them, as docker's API shows them. */
import type { Container } from '../containers/model.ts'
import type { Engine } from '../engine.ts'
import { NO_SETTINGS, type EndpointSettings } from './endpoint.ts'
import { modeOf } from './mode.ts'
import { parsePort } from './ports/bindings.ts'
import { hasEndpoints, type NetworkRecord } from './record.ts'
import { endpointsOf, NOWHERE, type EndpointState, type PortState } from './sandbox.ts'

/** A network. `withContainers`: only inspect shows who is in it. */
export function networkJson(engine: Engine, network: NetworkRecord, withContainers: boolean): object {
  return {
    Name: network.name,
    Id: network.id,
    Created: network.created,
    Scope: 'local',
    Driver: network.driver,
    EnableIPv4: network.enableIPv4,
    EnableIPv6: network.enableIPv6,
    IPAM: {
      Driver: 'default',
      Options: network.ipamOptions,
      Config: hasEndpoints(network) || network.configOnly ? network.pools : null,
    },
    Internal: network.internal,
    Attachable: network.attachable,
    Ingress: false,
    ConfigFrom: { Network: network.configFrom },
    ConfigOnly: network.configOnly,
    Containers: withContainers ? membersJson(engine, network) : {},
    Options: network.options,
    Labels: network.labels,
  }
}

function membersJson({ containers }: Engine, network: NetworkRecord): Record<string, object> {
  if (!hasEndpoints(network))
    return Object.fromEntries(
      containers
        .all()
        .filter(({ alive, record }) => alive && modeOf(record.hostConfig).kind === network.name)
        .map(({ id, record }) => [
          id,
          { Name: record.name, EndpointID: '', MacAddress: '', IPv4Address: '', IPv6Address: '' },
        ]),
    )
  return Object.fromEntries(
    endpointsOf(containers.all(), network.id).map(({ container, endpoint }) => [
      container.id,
      {
        Name: container.record.name,
        EndpointID: endpoint.endpointId,
        MacAddress: endpoint.mac,
        IPv4Address: endpoint.ipv4 === '' ? '' : `${endpoint.ipv4}/${endpoint.ipv4Length}`,
        IPv6Address: endpoint.ipv6 === '' ? '' : `${endpoint.ipv6}/${endpoint.ipv6Length}`,
      },
    ]),
  )
}

/** `NetworkSettings.Networks` of inspect and ps. */
export function containerNetworksJson(engine: Engine, { record, state, id }: Container): Record<string, object> {
  const known = new Map(engine.networks.store.all().map((network) => [network.name, network]))
  return Object.fromEntries(
    Object.entries(record.networks).map(([name, settings]) => {
      const endpoint = state.network?.endpoints[name]
      const networkId = endpoint?.networkId ?? known.get(name)?.id ?? ''
      return [
        name,
        endpointJson(
          { ...(endpoint ?? NOWHERE), networkId },
          settings,
          dnsNames(known.get(name), record.name, id, settings, record.config.Hostname),
        ),
      ]
    }),
  )
}

/** The names by which others on a user network find it. */
export function dnsNames(
  network: NetworkRecord | undefined,
  name: string,
  id: string,
  { Aliases }: EndpointSettings,
  hostname: string,
): string[] | null {
  if (network === undefined || network.predefined) return null
  return [...new Set([name, ...(Aliases ?? []), id.slice(0, 12), ...(hostname === '' ? [] : [hostname])])]
}

function endpointJson(endpoint: EndpointState, settings: EndpointSettings, names: string[] | null): object {
  const { IPv4Address = '', IPv6Address = '', LinkLocalIPs } = settings.IPAMConfig ?? {}
  const asked = {
    ...(IPv4Address === '' ? {} : { IPv4Address }),
    ...(IPv6Address === '' ? {} : { IPv6Address }),
    ...((LinkLocalIPs ?? []).length === 0 ? {} : { LinkLocalIPs }),
  }
  return {
    IPAMConfig: settings.IPAMConfig === null ? null : asked,
    Links: settings.Links,
    Aliases: settings.Aliases,
    MacAddress: endpoint.mac || settings.MacAddress,
    DriverOpts: settings.DriverOpts,
    GwPriority: settings.GwPriority,
    NetworkID: endpoint.networkId,
    EndpointID: endpoint.endpointId,
    Gateway: endpoint.ipv4Gateway,
    IPAddress: endpoint.ipv4,
    IPPrefixLen: endpoint.ipv4Length,
    IPv6Gateway: endpoint.ipv6Gateway,
    GlobalIPv6Address: endpoint.ipv6,
    GlobalIPv6PrefixLen: endpoint.ipv6Length,
    DNSNames: names,
  }
}

/** `NetworkSettings` of inspect. The fields at the top are those of the default network. */
export function networkSettingsJson(engine: Engine, container: Container): object {
  const { state, alive } = container
  const onDefault = Object.values(state.network?.endpoints ?? {}).find(
    ({ networkId }) => engine.networks.store.has(networkId) && engine.networks.store.find(networkId).name === 'bridge',
  )
  const { ipv4, ipv4Length, ipv4Gateway, ipv6, ipv6Length, ipv6Gateway, mac, endpointId } = onDefault ?? NOWHERE
  return {
    Bridge: '',
    SandboxID: state.network?.id ?? '',
    SandboxKey: alive ? `/proc/${state.pid}/ns/net` : '',
    Ports: alive ? portsJson(container) : {},
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: endpointId,
    Gateway: ipv4Gateway,
    GlobalIPv6Address: ipv6,
    GlobalIPv6PrefixLen: ipv6Length,
    IPAddress: ipv4,
    IPPrefixLen: ipv4Length,
    IPv6Gateway: ipv6Gateway,
    MacAddress: mac,
    Networks: containerNetworksJson(engine, container),
  }
}

/** `Ports` of inspect: an exposed port that is not published has null. */
function portsJson(container: Container): Record<string, object[] | null> {
  const ports: Record<string, object[] | null> = Object.fromEntries(unpublished(container).map((key) => [key, null]))
  for (const { protocol, containerPort, hostIp, hostPort } of publishedOf(container))
    (ports[`${containerPort}/${protocol}`] ??= []).push({ HostIp: hostIp, HostPort: String(hostPort) })
  return ports
}

/** `Ports` of ps. */
export function portListJson(container: Container): object[] {
  if (!container.alive) return []
  const open = unpublished(container).map((key) => {
    const { protocol, containerPort } = parsePort(key)
    return { PrivatePort: containerPort, Type: protocol }
  })
  const published = publishedOf(container).map(({ protocol, containerPort, hostIp, hostPort }) => {
    return { IP: hostIp, PrivatePort: containerPort, PublicPort: hostPort, Type: protocol }
  })
  return [...open, ...published]
}

function publishedOf({ state }: Container): PortState[] {
  return state.network?.ports ?? []
}

/** In the host's network, ports are nobody's in particular. */
function unpublished(container: Container): string[] {
  if (container.state.network === undefined) return []
  const published = new Set(publishedOf(container).map(({ protocol, containerPort }) => `${containerPort}/${protocol}`))
  return Object.keys(container.record.config.ExposedPorts)
    .map((key) => {
      const { protocol, containerPort } = parsePort(key)
      return `${containerPort}/${protocol}`
    })
    .filter((key) => !published.has(key))
}

/** A record of before there were networks. */
export function defaultEndpoints(networkMode: string): Record<string, EndpointSettings> {
  const mode = modeOf({ NetworkMode: networkMode })
  if (mode.kind === 'network') return { [mode.name]: NO_SETTINGS }
  return mode.kind === 'container' ? {} : { [mode.kind]: NO_SETTINGS }
}
