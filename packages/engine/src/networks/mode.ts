/** `--network`: what NetworkMode says, and what does not go with it. Docker's rules and words. */
import { UserError } from '@mini-docker/syscall'
import type { CreateBody, HostConfig } from '../api/bodies.ts'
import { isZero } from '../api/schema.ts'
import type { Engine } from '../engine.ts'
import { checkEndpoint, NO_SETTINGS, parseEndpoint, parseLink, type EndpointSettings } from './endpoint.ts'
import { parseBindings } from './ports/bindings.ts'
import { hasEndpoints, type NetworkRecord } from './record.ts'

export type Mode =
  | { kind: 'host' }
  | { kind: 'none' }
  | { kind: 'container'; reference: string }
  | { kind: 'network'; name: string }

export function modeOf({ NetworkMode }: Pick<HostConfig, 'NetworkMode'>): Mode {
  if (NetworkMode === 'host' || NetworkMode === 'none') return { kind: NetworkMode }
  if (NetworkMode.startsWith('container:'))
    return { kind: 'container', reference: NetworkMode.slice('container:'.length) }
  return { kind: 'network', name: NetworkMode === 'default' ? 'bridge' : NetworkMode }
}

/** As dockerd since 26: what names no network has the default one's name. */
export function withDefaultNetwork({ config }: Pick<Engine, 'config'>, host: HostConfig): HostConfig {
  return host.NetworkMode === 'default' ? { ...host, NetworkMode: config.defaultNetwork } : host
}

/** What a create body asks of networks, by the network's name. @throws UserError in docker's words */
export function validateNetworks(engine: Engine, body: CreateBody, host: HostConfig): Record<string, EndpointSettings> {
  const mode = modeOf(host)
  refuseConflicts(body, host, mode)
  const bindings = parseBindings(host, body.ExposedPorts)
  if (bindings.length > 0 && mode.kind === 'network') engine.networks.firewall.require()
  for (const link of host.Links ?? []) parseLink(link)
  const asked = Object.entries(body.NetworkingConfig).map(
    ([name, value]) => [name === 'default' ? engine.config.defaultNetwork : name, parseEndpoint(value)] as const,
  )
  if (mode.kind !== 'network') {
    const other = asked.find(([name]) => name !== host.NetworkMode)
    if (other !== undefined || asked.some(([, settings]) => !isZero(settings)))
      throw new UserError(
        'invalid',
        `conflicting options: cannot attach both user-defined and non-user-defined network-modes`,
      )
    return mode.kind === 'container' ? {} : { [mode.kind]: NO_SETTINGS }
  }
  const { name: main } = askedNetwork(engine, mode.name)
  const networks: Record<string, EndpointSettings> = {
    [main]: NO_SETTINGS,
    ...Object.fromEntries(asked.map(([name, settings]) => [askedNetwork(engine, name).name, settings])),
  }
  for (const [name, settings] of Object.entries(networks)) {
    const network = engine.networks.store.byName(name)
    if (!network.configOnly && !hasEndpoints(network))
      throw new UserError(
        'invalid',
        'conflicting options: cannot attach both user-defined and non-user-defined network-modes',
      )
    checkEndpoint(network, settings)
  }
  return networks
}

/** No 404 for one that is not there: at create, clients take that for a missing image and begin to pull it. */
function askedNetwork(engine: Engine, reference: string): NetworkRecord {
  try {
    return engine.networks.store.find(reference)
  } catch (error) {
    if (error instanceof UserError && error.code === 'not-found')
      throw new UserError('invalid', error.message, { cause: error })
    throw error
  }
}

function refuseConflicts(body: CreateBody, host: HostConfig, { kind }: Mode): void {
  const links = !isZero(host.Links)
  const conflict = (message: string): never => {
    throw new UserError('invalid', `conflicting options: ${message}`)
  }
  if (kind === 'host' && links)
    conflict("host type networking can't be used with links. This would result in undefined behavior")
  if (kind !== 'container') return
  if (host.UTSMode !== 'host' && body.Hostname !== '') conflict('hostname and the network mode')
  if (links) conflict("container type network can't be used with links. This would result in undefined behavior")
  if (!isZero(host.Dns)) conflict('dns and the network mode')
  if (!isZero(host.ExtraHosts)) conflict('custom host-to-IP mapping and the network mode')
  if (Object.values(body.NetworkingConfig).some((value) => parseEndpoint(value).MacAddress !== ''))
    conflict('mac-address and the network mode')
  if (Object.keys(host.PortBindings).length > 0 || host.PublishAllPorts)
    conflict('port publishing and the container type network mode')
  if (Object.keys(body.ExposedPorts).length > 0) conflict('port exposing and the container type network mode')
}
