/** `image prune`: removes images without a name; with `-a` all that no container uses. */
import { formatFilters } from '../client/engine.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { PRUNE_FILTER } from '../cli/common-flags.ts'
import { confirm } from '../cli/confirm.ts'
import { humanSize } from '../format/units.ts'
import type { Deletion } from './rmi.ts'

export const command: Command = {
  name: 'image prune',
  usage: '[OPTIONS]',
  about: 'Remove unused images',
  faces: 'requests',
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Remove all unused images, not just dangling ones' },
    PRUNE_FILTER,
    { name: 'force', short: 'f', kind: 'bool', help: 'Do not prompt for confirmation' },
  ],
  words: { exactly: 0 },
  async run(flags, _words, terminal) {
    const all = flags.bool('all')
    const warning = all
      ? 'WARNING! This will remove all images without at least one container associated to them.'
      : 'WARNING! This will remove all dangling images.'
    if (!flags.bool('force') && !(await confirm(terminal, warning))) return
    const query = { filters: formatFilters([`dangling=${!all}`, ...flags.list('filter')]) }
    const report = await openEngine(terminal).json<{ ImagesDeleted: Deletion[] | null; SpaceReclaimed: number }>(
      'POST',
      '/images/prune',
      { query },
    )
    const deleted = report.ImagesDeleted ?? []
    if (deleted.length > 0) {
      terminal.out(
        `Deleted Images:\n${deleted.map(({ Untagged, Deleted }) => (Untagged ? `untagged: ${Untagged}\n` : `deleted: ${Deleted}\n`)).join('')}\n`,
      )
    }
    terminal.out(`Total reclaimed space: ${humanSize(report.SpaceReclaimed)}\n`)
  },
}
