/** `port`: where on the host a container's ports are. */
import { containerPath } from '../client/containers.ts'
import { checkContainerName } from '../client/networks.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { CliError } from '../cli/errors.ts'
import { parsePort, splitProtocol, type PortBinding } from '../create/ports.ts'
import { hostPort } from '../format/ports.ts'

type Ports = Record<string, PortBinding[] | null>

export const command: Command = {
  name: 'port',
  usage: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
  about: 'List port mappings or a specific mapping for the container',
  flags: [],
  words: { atLeast: 1, atMost: 2 },
  async run(_flags, [name = '', wanted = ''], terminal) {
    checkContainerName(name)
    const container = await openEngine(terminal).json<{ NetworkSettings: { Ports: Ports | null } }>(
      'GET',
      containerPath(name, 'json'),
    )
    const ports = container.NetworkSettings.Ports ?? {}
    terminal.out(wanted === '' ? allPorts(ports) : onePort(ports, wanted, name))
  },
}

function onePort(ports: Ports, wanted: string, name: string): string {
  const { port, protocol } = splitProtocol(wanted)
  try {
    parsePort(port)
  } catch (error) {
    throw new CliError(`Error: invalid port (${port}): ${(error as Error).message}`)
  }
  const bindings = ports[`${port}/${protocol}`] ?? []
  if (bindings.length === 0) throw new CliError(`Error: No public port '${wanted}' published for ${name}`)
  return bindings.map((binding) => `${bound(binding)}\n`).join('')
}

/** By number, as docker's client sorts them. */
function allPorts(ports: Ports): string {
  const sorted = Object.entries(ports).toSorted(
    ([a], [b]) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || (a < b ? -1 : 1),
  )
  return sorted
    .flatMap(([port, bindings]) => (bindings ?? []).map((binding) => `${port} -> ${bound(binding)}\n`))
    .join('')
}

function bound({ HostIp, HostPort }: PortBinding): string {
  return hostPort(HostIp, HostPort)
}
