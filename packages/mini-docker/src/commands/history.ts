/** `history`: the steps that made an image, newest first. */
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { FORMAT, NO_TRUNC } from '../cli/common-flags.ts'
import { parsePlatformFlag, PLATFORM } from '../cli/platform.ts'
import { formatRows } from '../format/rows.ts'
import { humanDuration, humanSize, shortId } from '../format/units.ts'
import { ellipsis } from '../format/width.ts'
import { Row } from '../template/values.ts'

type HistoryItem = {
  Id: string
  Created: number
  CreatedBy: string
  Size: number
  Comment: string
  Tags: string[] | null
}

const TITLES = {
  ID: 'IMAGE',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  CreatedBy: 'CREATED BY',
  Size: 'SIZE',
  Comment: 'COMMENT',
}

export const command: Command = {
  name: 'history',
  usage: '[OPTIONS] IMAGE',
  about: 'Show the history of an image',
  flags: [
    FORMAT,
    { name: 'human', short: 'H', kind: 'bool', help: 'Print sizes and dates in human readable format (default true)' },
    NO_TRUNC,
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Only show image IDs' },
    PLATFORM('Show history for the given platform (like linux/amd64)'),
  ],
  words: { exactly: 1 },
  async run(flags, [image = ''], terminal) {
    const engine = openEngine(terminal)
    const platform = await parsePlatformFlag(flags, engine, '1.48')
    const items = await engine.json<HistoryItem[]>('GET', `/images/${image}/history`, { query: { platform } })
    const human = !flags.has('human') || flags.bool('human')
    const rows = items.map((item) => historyRow(item, !flags.bool('no-trunc'), human))
    const columns = ['ID', human ? 'CreatedSince' : 'CreatedAt', 'CreatedBy', 'Size', 'Comment']
    terminal.out(
      await formatRows(
        { rows, columns, titles: TITLES },
        flags.string('format'),
        flags.bool('quiet') ? 'ID' : undefined,
      ),
    )
  },
}

function historyRow(item: HistoryItem, truncate: boolean, human: boolean): Row {
  const createdAt = () => (item.Created > 0 ? new Date(item.Created * 1000).toISOString().replace('.000Z', 'Z') : 'N/A')
  return new Row('*formatter.historyContext', {
    ID: () => (truncate ? shortId(item.Id) : item.Id),
    CreatedAt: createdAt,
    CreatedSince: () => {
      if (!human) return createdAt()
      return item.Created > 0 ? `${humanDuration(Math.trunc(Date.now() / 1000) - item.Created)} ago` : 'N/A'
    },
    CreatedBy: () => {
      const by = item.CreatedBy.replaceAll('\t', ' ')
      return truncate ? ellipsis(by, 45) : by
    },
    Size: () => (human ? humanSize(item.Size, 3) : String(item.Size)),
    Comment: () => item.Comment,
  })
}
