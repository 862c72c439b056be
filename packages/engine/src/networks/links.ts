/**
 * `--link` on the default network, docker's way to be found there before there were user networks: the other container stands in /etc/hosts, and
 * its address, ports and environment in variables.
 */
import { UserError } from '@mini-docker/syscall'
import type { Container, ContainerRecord } from '../containers/model.ts'
import type { Engine } from '../engine.ts'
import { parseLink } from './endpoint.ts'
import { parsePort, type Protocol } from './ports/bindings.ts'

type Linked = { alias: string; other: Container; address: string }

/** As they are kept: by the id of the other container, which may be renamed. @throws UserError `invalid` in docker's words */
export function resolveLinks({ containers }: Pick<Engine, 'containers'>, links: readonly string[]): string[] {
  return links.map((link) => {
    const { name, alias } = parseLink(link)
    const other = containers.known(name)
    // No 404: at create, clients take that for a missing image.
    if (other === undefined)
      throw new UserError('invalid', `could not get container for ${name}: No such container: ${name}`)
    if (other.record.hostConfig.NetworkMode === 'host')
      throw new UserError(
        'invalid',
        "conflicting options: host type networking can't be used with links. This would result in undefined behavior",
      )
    return `${other.id}:${alias}`
  })
}

/** As inspect shows them: `/db:/web/alias`. Without those that are gone. */
export function linksJson({ containers }: Pick<Engine, 'containers'>, { name, hostConfig }: ContainerRecord) {
  if (hostConfig.Links === null || hostConfig.Links.length === 0) return hostConfig.Links
  const shown = hostConfig.Links.flatMap((link) => {
    const { name: reference, alias } = parseLink(link)
    const other = containers.known(reference)
    return other === undefined ? [] : [`/${other.record.name}:/${name}/${alias}`]
  })
  return shown.length === 0 ? null : shown
}

/** The containers that are linked, where they are now. @throws UserError `conflict` when one does not run and `strict` is asked for */
export function linkedContainers(
  { containers }: Pick<Engine, 'containers'>,
  { hostConfig, networks }: Pick<ContainerRecord, 'hostConfig' | 'networks'>,
  { strict }: { strict: boolean },
): Linked[] {
  if (!('bridge' in networks)) return []
  return (hostConfig.Links ?? []).flatMap((link) => {
    const { name, alias } = parseLink(link)
    const other = containers.known(name)
    if (other === undefined) return []
    const address = other.state.network?.endpoints['bridge']?.ipv4
    if (address !== undefined) return [{ alias, other, address }]
    if (strict)
      throw new UserError('conflict', `Cannot link to a non running container: /${other.record.name} AS ${alias}`)
    return []
  })
}

/** The variables that a container and what is run in it get of its links. */
export function linkEnvironment(engine: Engine, record: ContainerRecord, options: { strict: boolean }): string[] {
  return linkedContainers(engine, record, options).flatMap(({ alias, other, address }) =>
    linkVariables(`/${record.name}/${alias}`, alias, address, other.record.config),
  )
}

type Port = { protocol: Protocol; containerPort: number }

/** Docker's names. `DB_PORT` is the first port; ports that follow each other are a range besides. Pure. */
export function linkVariables(
  name: string,
  alias: string,
  address: string,
  { ExposedPorts, Env }: Pick<ContainerRecord['config'], 'ExposedPorts' | 'Env'>,
): string[] {
  const prefix = alias.toUpperCase().replaceAll('-', '_')
  const ports = Object.keys(ExposedPorts).map(parsePort).toSorted(byProtocolThenNumber)
  const url = ({ protocol, containerPort }: Port): string => `${protocol}://${address}:${containerPort}`
  const of = ({ protocol, containerPort }: Port): string => `${prefix}_PORT_${containerPort}_${protocol.toUpperCase()}`
  const [first] = ports
  const inherited = (Env ?? []).flatMap((entry) => {
    const equals = entry.indexOf('=')
    const key = entry.slice(0, equals)
    return equals === -1 || key === 'HOME' || key === 'PATH' ? [] : [`${prefix}_ENV_${entry}`]
  })
  return [
    ...(first === undefined ? [] : [`${prefix}_PORT=${url(first)}`]),
    ...rangesOf(ports).flatMap(({ from, to }) => [
      `${of(from)}_START=${url(from)}`,
      `${of(from)}_PORT_START=${from.containerPort}`,
      `${of(from)}_END=${url(to)}`,
      `${of(from)}_PORT_END=${to.containerPort}`,
    ]),
    ...ports.flatMap((port) => [
      `${of(port)}=${url(port)}`,
      `${of(port)}_ADDR=${address}`,
      `${of(port)}_PORT=${port.containerPort}`,
      `${of(port)}_PROTO=${port.protocol}`,
    ]),
    `${prefix}_NAME=${name}`,
    ...inherited,
  ]
}

/** TCP first. */
function byProtocolThenNumber(a: Port, b: Port): number {
  if (a.protocol === b.protocol) return a.containerPort - b.containerPort
  if (a.protocol === 'tcp' || b.protocol === 'tcp') return a.protocol === 'tcp' ? -1 : 1
  return a.protocol < b.protocol ? -1 : 1
}

function rangesOf(ports: readonly Port[]): { from: Port; to: Port }[] {
  const ranges: { from: Port; to: Port }[] = []
  for (const port of ports) {
    const last = ranges.at(-1)
    if (last?.to.protocol === port.protocol && last.to.containerPort + 1 === port.containerPort) last.to = port
    else ranges.push({ from: port, to: port })
  }
  return ranges.filter(({ from, to }) => from !== to)
}
