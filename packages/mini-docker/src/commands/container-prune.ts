/** `container prune`: removes all containers that do not run. */
import { formatFilters } from '../client/engine.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { PRUNE_FILTER } from '../cli/common-flags.ts'
import { confirm } from '../cli/confirm.ts'
import { humanSize } from '../format/units.ts'

export const command: Command = {
  name: 'container prune',
  usage: '[OPTIONS]',
  about: 'Remove all stopped containers',
  faces: 'requests',
  flags: [PRUNE_FILTER, { name: 'force', short: 'f', kind: 'bool', help: 'Do not prompt for confirmation' }],
  words: { exactly: 0 },
  async run(flags, _words, terminal) {
    if (!flags.bool('force') && !(await confirm(terminal, 'WARNING! This will remove all stopped containers.'))) return
    const query = { filters: formatFilters(flags.list('filter')) }
    const report = await openEngine(terminal).json<{ ContainersDeleted: string[] | null; SpaceReclaimed: number }>(
      'POST',
      '/containers/prune',
      { query },
    )
    const deleted = report.ContainersDeleted ?? []
    if (deleted.length > 0) terminal.out(`Deleted Containers:\n${deleted.map((id) => `${id}\n`).join('')}\n`)
    terminal.out(`Total reclaimed space: ${humanSize(report.SpaceReclaimed)}\n`)
  },
}
