/** `ps`: the containers, from `GET /containers/json`. */
import { openEngine } from '../client/open.ts'
import { formatFilters } from '../client/engine.ts'
import type { Command } from '../cli/command.ts'
import { FILTER, FORMAT, NO_TRUNC } from '../cli/common-flags.ts'
import { displayPorts, type Port } from '../format/ports.ts'
import { formatRows } from '../format/rows.ts'
import { goTime, humanDuration, humanSize, shortId } from '../format/units.ts'
import { ellipsis } from '../format/width.ts'
import { Row } from '../template/values.ts'

/** One container of the list, as far as ps shows it. */
export type ContainerSummary = {
  Id: string
  Names: string[] | null
  Image: string
  ImageID: string
  Command: string
  Created: number
  Ports: Port[] | null
  SizeRw?: number
  SizeRootFs?: number
  Labels: Record<string, string> | null
  State: string
  Status: string
  NetworkSettings?: { Networks?: Record<string, unknown> | null } | null
  Mounts?: Array<{ Name?: string; Source: string; Driver?: string }> | null
}

const TITLES = {
  ID: 'CONTAINER ID',
  Image: 'IMAGE',
  Command: 'COMMAND',
  CreatedAt: 'CREATED AT',
  RunningFor: 'CREATED',
  Ports: 'PORTS',
  State: 'STATE',
  Status: 'STATUS',
  Size: 'SIZE',
  Names: 'NAMES',
  Labels: 'LABELS',
  Mounts: 'MOUNTS',
  LocalVolumes: 'LOCAL VOLUMES',
  Networks: 'NETWORKS',
  Platform: 'PLATFORM',
}

export const command: Command = {
  name: 'ps',
  usage: '[OPTIONS]',
  about: 'List containers',
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Show all containers (default shows just running)' },
    FILTER,
    FORMAT,
    {
      name: 'last',
      short: 'n',
      kind: 'int',
      help: 'Show n last created containers (includes all states) (default -1)',
    },
    { name: 'latest', short: 'l', kind: 'bool', help: 'Show the latest created container (includes all states)' },
    NO_TRUNC,
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Only display container IDs' },
    { name: 'size', short: 's', kind: 'bool', help: 'Display total file sizes' },
  ],
  words: { exactly: 0 },
  async run(flags, _words, terminal) {
    const format = flags.string('format')
    const last = flags.int('last') ?? -1
    const limit = last !== -1 ? last : flags.bool('latest') ? 1 : undefined
    // Sizes cost the daemon a walk over every layer: asked for only when they are shown.
    const size = flags.bool('size') || (!flags.has('size') && (await namesSize(format)))
    const containers = await openEngine(terminal).json<ContainerSummary[]>('GET', '/containers/json', {
      query: { all: flags.bool('all'), limit, size, filters: formatFilters(flags.list('filter')) },
    })
    const columns = [
      'ID',
      'Image',
      'Command',
      'RunningFor',
      'Status',
      'Ports',
      'Names',
      ...(flags.bool('size') ? ['Size'] : []),
    ]
    const rows = containers.map((container) => containerRow(container, !flags.bool('no-trunc')))
    terminal.out(await formatRows({ rows, columns, titles: TITLES }, format, flags.bool('quiet') ? 'ID' : undefined))
  },
}

/** Tries the format on no container at all: shows its mistakes before anything is asked, and whether it wants sizes. */
async function namesSize(format = 'table'): Promise<boolean> {
  if (format === 'table' || format === 'json') return false
  const { fieldsAskedFor } = await import('../format/templates.ts')
  return fieldsAskedFor(containerRow(NO_CONTAINER, true), format).has('Size')
}

const NO_CONTAINER: ContainerSummary = {
  Id: '',
  Names: [],
  Image: '',
  ImageID: '',
  Command: '',
  Created: 0,
  Ports: [],
  Labels: {},
  State: '',
  Status: '',
}

/** The fields that `--format` can name. `now` is in milliseconds. */
export function containerRow(container: ContainerSummary, truncate: boolean, now = Date.now()): Row {
  const labels = Object.entries(container.Labels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const mounts = (container.Mounts ?? []).map(({ Name, Source }) => Name || Source)
  return new Row(
    '*formatter.ContainerContext',
    {
      ID: () => (truncate ? shortId(container.Id) : container.Id),
      Names: () => containerNames(container.Names ?? [], truncate).join(','),
      Image: () => containerImage(container, truncate),
      Command: () => JSON.stringify(truncate ? ellipsis(container.Command, 20) : container.Command),
      CreatedAt: () => goTime(container.Created),
      RunningFor: () => `${humanDuration(Math.trunc(now / 1000) - container.Created)} ago`,
      Platform: () => null,
      Ports: () => displayPorts(container.Ports ?? []),
      State: () => container.State,
      Status: () => container.Status,
      Size: () => containerSize(container),
      Labels: () => labels.map(([key, value]) => `${key}=${value}`).join(','),
      Mounts: () => mounts.map((name) => (truncate ? ellipsis(name, 15) : name)).join(','),
      LocalVolumes: () => String((container.Mounts ?? []).filter(({ Driver }) => Driver === 'local').length),
      Networks: () => Object.keys(container.NetworkSettings?.Networks ?? {}).join(','),
    },
    { Label: (key) => container.Labels?.[String(key)] ?? '' },
  )
}

/** Without the leading slash; names of links (`/a/b`) only untruncated. */
function containerNames(names: string[], truncate: boolean): string[] {
  return names.map((name) => name.replace(/^\//, '')).filter((name) => !truncate || !name.includes('/'))
}

function containerImage({ Image, ImageID }: ContainerSummary, truncate: boolean): string {
  if (Image === '') return '<no image>'
  if (!truncate) return Image
  if (shortId(Image) === shortId(ImageID)) return shortId(ImageID)
  return Image.replace(/(:[^/@]+)@sha256:.*$/, '$1')
}

function containerSize({ SizeRw = 0, SizeRootFs = 0 }: ContainerSummary): string {
  const own = humanSize(SizeRw, 3)
  return SizeRootFs > 0 ? `${own} (virtual ${humanSize(SizeRootFs, 3)})` : own
}
