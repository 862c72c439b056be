/** `system df`: what images, containers, volumes and caches take on disk. */
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { FORMAT } from '../cli/common-flags.ts'
import { formatRows } from '../format/rows.ts'
import { humanSize } from '../format/units.ts'
import { Row } from '../template/values.ts'
import type { ContainerSummary } from './ps.ts'
import type { ImageSummary } from './images.ts'

type DiskUsage = {
  LayersSize: number
  Images: ImageSummary[] | null
  Containers: ContainerSummary[] | null
  Volumes: Array<{ UsageData?: { RefCount: number; Size: number } | null }> | null
  BuildCache?: Array<{ InUse: boolean; Size: number; Shared: boolean }> | null
}

const TITLES = { Type: 'TYPE', TotalCount: 'TOTAL', Active: 'ACTIVE', Size: 'SIZE', Reclaimable: 'RECLAIMABLE' }

export const command: Command = {
  name: 'system df',
  usage: '[OPTIONS]',
  about: 'Show disk usage',
  flags: [FORMAT, { name: 'verbose', short: 'v', kind: 'bool', help: '', notBuilt: 'it comes with part 2' }],
  words: { exactly: 0 },
  async run(flags, _words, terminal) {
    const usage = await openEngine(terminal).json<DiskUsage>('GET', '/system/df')
    const rows = [images(usage), containers(usage), volumes(usage), cache(usage)]
    terminal.out(await formatRows({ rows, columns: Object.keys(TITLES), titles: TITLES }, flags.string('format')))
  },
}

function line(type: string, total: number, active: number, size: number, reclaimable: number, percent: boolean): Row {
  const share = percent && size > 0 ? ` (${Math.trunc((reclaimable * 100) / size)}%)` : ''
  return new Row('*formatter.diskUsageContext', {
    Type: () => type,
    TotalCount: () => String(total),
    Active: () => String(active),
    Size: () => humanSize(size),
    Reclaimable: () => humanSize(reclaimable) + share,
  })
}

function images({ Images, LayersSize }: DiskUsage): Row {
  const list = Images ?? []
  const used = list.filter(({ Containers }) => Containers > 0)
  const inUse = used.reduce(
    (sum, image) => sum + (image.SharedSize < 0 ? image.Size : image.Size - image.SharedSize),
    0,
  )
  return line(
    'Images',
    list.length,
    used.length,
    LayersSize,
    used.length === 0 ? LayersSize : Math.max(0, LayersSize - inUse),
    true,
  )
}

function containers({ Containers }: DiskUsage): Row {
  const list = Containers ?? []
  const isActive = ({ State }: ContainerSummary) => ['running', 'paused', 'restarting'].includes(State)
  const size = (some: ContainerSummary[]) => some.reduce((sum, { SizeRw = 0 }) => sum + SizeRw, 0)
  return line(
    'Containers',
    list.length,
    list.filter(isActive).length,
    size(list),
    size(list.filter((one) => !isActive(one))),
    true,
  )
}

function volumes({ Volumes }: DiskUsage): Row {
  const list = (Volumes ?? []).map(({ UsageData }) => UsageData ?? { RefCount: 0, Size: 0 })
  const size = (some: typeof list) => some.reduce((sum, { Size }) => sum + Math.max(0, Size), 0)
  return line(
    'Local Volumes',
    list.length,
    list.filter(({ RefCount }) => RefCount > 0).length,
    size(list),
    size(list.filter(({ RefCount }) => RefCount <= 0)),
    true,
  )
}

function cache({ BuildCache }: DiskUsage): Row {
  const list = BuildCache ?? []
  const size = (some: typeof list) => some.filter(({ Shared }) => !Shared).reduce((sum, { Size }) => sum + Size, 0)
  return line(
    'Build Cache',
    list.length,
    list.filter(({ InUse }) => InUse).length,
    size(list),
    size(list.filter(({ InUse }) => !InUse)),
    false,
  )
}
