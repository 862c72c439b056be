/** `network create`: a network of one's own. */
import { isOlder } from '../client/engine.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { csvFields } from '../cli/csv.ts'
import type { Flag, Flags } from '../cli/flags.ts'
import { checkLabel } from '../create/checks.ts'
import { subnetsOf } from '../create/subnets.ts'

const strings = (name: string, help: string): Flag => ({ name, kind: 'list', label: 'strings', help })
const map = (name: string, help: string, short?: string): Flag => ({
  name,
  kind: 'list',
  label: 'map',
  help: `${help} (default map[])`,
  ...(short === undefined ? {} : { short }),
})

export const command: Command = {
  name: 'network create',
  usage: '[OPTIONS] NETWORK',
  about: 'Create a network',
  faces: 'requests',
  flags: [
    { name: 'attachable', kind: 'bool', help: 'Enable manual container attachment' },
    map('aux-address', 'Auxiliary IPv4 or IPv6 addresses used by Network driver'),
    { name: 'config-from', kind: 'string', help: 'The network from which to copy the configuration' },
    { name: 'config-only', kind: 'bool', help: 'Create a configuration only network' },
    { name: 'driver', short: 'd', kind: 'string', help: 'Driver to manage the Network (default "bridge")' },
    strings('gateway', 'IPv4 or IPv6 Gateway for the master subnet'),
    { name: 'ingress', kind: 'bool', help: 'Create swarm routing-mesh network' },
    { name: 'internal', kind: 'bool', help: 'Restrict external access to the network' },
    strings('ip-range', 'Allocate container ip from a sub-range'),
    { name: 'ipam-driver', kind: 'string', help: 'IP Address Management Driver (default "default")' },
    map('ipam-opt', 'Set IPAM driver specific options'),
    { name: 'ipv4', kind: 'bool', help: 'Enable or disable IPv4 address assignment (default true)' },
    { name: 'ipv6', kind: 'bool', help: 'Enable or disable IPv6 address assignment' },
    { name: 'label', kind: 'list', help: 'Set metadata on a network', check: checkLabel },
    map('opt', 'Set driver specific options', 'o'),
    { name: 'scope', kind: 'string', help: "Control the network's scope" },
    strings('subnet', 'Subnet in CIDR format that represents a network segment'),
  ],
  words: { exactly: 1 },
  async run(flags, [name = ''], terminal) {
    const body = createNetworkBody(flags, name)
    const engine = openEngine(terminal)
    // Before 1.44 a daemon makes a second network of the same name unless it is told not to.
    const { apiVersion } = await engine.negotiate()
    const json = isOlder(apiVersion, '1.44') ? { ...body, CheckDuplicate: true } : body
    const created = await engine.json<{ Id: string; Warning: string }>('POST', '/networks/create', { json })
    if (created.Warning !== '') terminal.err(`WARNING: ${created.Warning}\n`)
    terminal.out(`${created.Id}\n`)
  },
}

/** The body of `POST /networks/create`: docker's fields in docker's order. Throws with its words for subnets that do not fit. */
export function createNetworkBody(flags: Flags, name: string) {
  const given = (flag: string) => flags.list(flag).flatMap((text) => (text === '' ? [] : csvFields(text)))
  const wanted = (flag: string, field: string) => (flags.has(flag) ? { [field]: flags.bool(flag) } : {})
  const configFrom = flags.string('config-from') ?? ''
  return {
    Driver: flags.string('driver') ?? 'bridge',
    Scope: flags.string('scope') ?? '',
    ...wanted('ipv4', 'EnableIPv4'),
    ...wanted('ipv6', 'EnableIPv6'),
    IPAM: {
      Driver: flags.string('ipam-driver') ?? 'default',
      Options: mapOf(flags.list('ipam-opt')),
      Config: subnetsOf({
        subnets: given('subnet'),
        ranges: given('ip-range'),
        gateways: given('gateway'),
        auxAddresses: mapOf(flags.list('aux-address')),
      }),
    },
    Internal: flags.bool('internal'),
    Attachable: flags.bool('attachable'),
    Ingress: flags.bool('ingress'),
    ConfigOnly: flags.bool('config-only'),
    ConfigFrom: configFrom === '' ? null : { Network: configFrom },
    Options: mapOf(flags.list('opt')),
    Labels: mapOf(flags.list('label')),
    Name: name,
  }
}

function mapOf(list: readonly string[]): Record<string, string> {
  const entries = list.map((text): [string, string] => {
    const equals = text.indexOf('=')
    return equals === -1 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)]
  })
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
