/** `network connect`: a container, running or not, gets a place in one more network. */
import { checkContainerName, networkPath } from '../client/networks.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { csvFields } from '../cli/csv.ts'
import type { Flags } from '../cli/flags.ts'
import { checkLink } from '../create/addresses.ts'
import { driverOption, ipamConfig, KNOWN_LATER } from '../create/networks.ts'

export const command: Command = {
  name: 'network connect',
  usage: '[OPTIONS] NETWORK CONTAINER',
  about: 'Connect a container to a network',
  faces: 'requests',
  flags: [
    { name: 'alias', kind: 'list', label: 'strings', help: 'Add network-scoped alias for the container' },
    { name: 'driver-opt', kind: 'list', label: 'strings', help: 'driver options for the network' },
    {
      name: 'gw-priority',
      kind: 'int',
      help: 'Highest gw-priority provides the default gateway. Accepts positive and negative values.',
    },
    { name: 'ip', kind: 'string', help: 'IPv4 address (e.g., "172.30.100.104")' },
    { name: 'ip6', kind: 'string', help: 'IPv6 address (e.g., "2001:db8::33")' },
    { name: 'link', kind: 'list', help: 'Add link to another container', check: checkLink },
    { name: 'link-local-ip', kind: 'list', label: 'strings', help: 'Add a link-local address for the container' },
  ],
  words: { exactly: 2 },
  async run(flags, [network = '', container = ''], terminal) {
    const json = { Container: container, EndpointConfig: endpointConfig(flags) }
    const path = networkPath(network, 'connect')
    checkContainerName(container)
    await openEngine(terminal).text('POST', path, { json })
  },
}

/** Empty lists and maps where `run` sends null: docker's client does. */
export function endpointConfig(flags: Flags) {
  const given = (flag: string) => flags.list(flag).flatMap((text) => (text === '' ? [] : csvFields(text)))
  const options = given('driver-opt').map((text) =>
    driverOption(text, 'invalid key/value pair format in driver options'),
  )
  const links = flags.list('link')
  return {
    IPAMConfig: ipamConfig({
      ip: flags.string('ip') ?? '',
      ip6: flags.string('ip6') ?? '',
      linkLocalIps: given('link-local-ip'),
    }),
    Links: links.length === 0 ? null : links,
    Aliases: given('alias'),
    MacAddress: '',
    DriverOpts: Object.assign({}, ...options) as Record<string, string>,
    GwPriority: flags.int('gw-priority') ?? 0,
    ...KNOWN_LATER,
  }
}
