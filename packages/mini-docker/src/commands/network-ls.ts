/** `network ls`: the networks, by name. */
import { formatFilters } from '../client/engine.ts'
import type { NetworkSummary } from '../client/networks.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { FILTER, FORMAT, NO_TRUNC } from '../cli/common-flags.ts'
import { goTimeOf } from '../format/go-time.ts'
import { compareNaturally } from '../format/natural.ts'
import { formatRows } from '../format/rows.ts'
import { shortId } from '../format/units.ts'
import { Row } from '../template/values.ts'

const TITLES = {
  ID: 'NETWORK ID',
  Name: 'NAME',
  Driver: 'DRIVER',
  Scope: 'SCOPE',
  IPv4: 'IPV4',
  IPv6: 'IPV6',
  Internal: 'INTERNAL',
  Labels: 'LABELS',
  CreatedAt: 'CREATED AT',
}

export const command: Command = {
  name: 'network ls',
  usage: '[OPTIONS]',
  about: 'List networks',
  flags: [
    { ...FILTER, help: 'Provide filter values (e.g. "driver=bridge")' },
    FORMAT,
    NO_TRUNC,
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Only display network IDs' },
  ],
  words: { exactly: 0 },
  async run(flags, _words, terminal) {
    const networks = await openEngine(terminal).json<NetworkSummary[]>('GET', '/networks', {
      query: { filters: formatFilters(flags.list('filter')) },
    })
    const rows = networks
      .toSorted((a, b) => compareNaturally(a.Name, b.Name))
      .map((network) => networkRow(network, !flags.bool('no-trunc')))
    const listing = { rows, columns: ['ID', 'Name', 'Driver', 'Scope'], titles: TITLES }
    terminal.out(await formatRows(listing, flags.string('format'), flags.bool('quiet') ? 'ID' : undefined))
  },
}

/** The fields that `--format` can name. */
export function networkRow(network: NetworkSummary, truncate: boolean): Row {
  const labels = Object.entries(network.Labels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return new Row(
    '*network.networkContext',
    {
      ID: () => (truncate ? shortId(network.Id) : network.Id),
      Name: () => network.Name,
      Driver: () => network.Driver,
      Scope: () => network.Scope,
      IPv4: () => String(network.EnableIPv4 ?? false),
      IPv6: () => String(network.EnableIPv6),
      Internal: () => String(network.Internal),
      Labels: () => labels.map(([key, value]) => `${key}=${value}`).join(','),
      CreatedAt: () => goTimeOf(network.Created),
    },
    { Label: (key) => network.Labels?.[String(key)] ?? '' },
  )
}
