/** `volume ls`: the volumes, by name. */
import { formatFilters } from '../client/engine.ts'
import { openEngine } from '../client/open.ts'
import type { VolumeSummary } from '../client/volumes.ts'
import type { Command } from '../cli/command.ts'
import { FILTER, FORMAT } from '../cli/common-flags.ts'
import { compareNaturally } from '../format/natural.ts'
import { formatRows } from '../format/rows.ts'
import { humanSize } from '../format/units.ts'
import { Row } from '../template/values.ts'

const TITLES = {
  Availability: 'AVAILABILITY',
  Driver: 'DRIVER',
  Group: 'GROUP',
  Labels: 'LABELS',
  Links: 'LINKS',
  Mountpoint: 'MOUNTPOINT',
  Name: 'VOLUME NAME',
  Scope: 'SCOPE',
  Size: 'SIZE',
  Status: 'STATUS',
}

export const command: Command = {
  name: 'volume ls',
  usage: '[OPTIONS]',
  about: 'List volumes',
  flags: [
    { name: 'cluster', kind: 'bool', help: '', notBuilt: 'cluster volumes come with swarm' },
    { ...FILTER, help: 'Provide filter values (e.g. "dangling=true")' },
    FORMAT,
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Only display volume names' },
  ],
  words: { exactly: 0 },
  async run(flags, _words, terminal) {
    const { Volumes } = await openEngine(terminal).json<{ Volumes: VolumeSummary[] | null }>('GET', '/volumes', {
      query: { filters: formatFilters(flags.list('filter')) },
    })
    const rows = (Volumes ?? []).toSorted((a, b) => compareNaturally(a.Name, b.Name)).map(volumeRow)
    const listing = { rows, columns: ['Driver', 'Name'], titles: TITLES }
    terminal.out(await formatRows(listing, flags.string('format'), flags.bool('quiet') ? 'Name' : undefined))
  },
}

/** The fields that `--format` can name. A cluster's say `N/A`, as docker's do without one. */
export function volumeRow(volume: VolumeSummary): Row {
  const labels = Object.entries(volume.Labels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const none = () => 'N/A'
  const usage = volume.UsageData ?? undefined
  return new Row(
    '*formatter.volumeContext',
    {
      Availability: none,
      Driver: () => volume.Driver,
      Group: none,
      Labels: () => labels.map(([key, value]) => `${key}=${value}`).join(','),
      Links: usage === undefined ? none : () => String(usage.RefCount),
      Mountpoint: () => volume.Mountpoint,
      Name: () => volume.Name,
      Scope: () => volume.Scope,
      Size: usage === undefined ? none : () => humanSize(usage.Size),
      Status: none,
    },
    { Label: (key) => volume.Labels?.[String(key)] ?? '' },
  )
}
