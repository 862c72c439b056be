/** `volume prune`: removes volumes that no container has; with `-a` also those with a name. */
import { formatFilters } from '../client/engine.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { PRUNE_FILTER } from '../cli/common-flags.ts'
import { confirm } from '../cli/confirm.ts'
import { CliError } from '../cli/errors.ts'
import { humanSize } from '../format/units.ts'

export const command: Command = {
  name: 'volume prune',
  usage: '[OPTIONS]',
  about: 'Remove unused local volumes',
  faces: 'requests',
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Remove all unused volumes, not just anonymous ones' },
    { ...PRUNE_FILTER, help: 'Provide filter values (e.g. "label=<label>")' },
    { name: 'force', short: 'f', kind: 'bool', help: 'Do not prompt for confirmation' },
  ],
  words: { exactly: 0 },
  async run(flags, _words, terminal) {
    const all = flags.bool('all')
    const filters = flags.list('filter')
    if (all && filters.some((filter) => filter.startsWith('all=')))
      throw new CliError('conflicting options: cannot specify both --all and --filter all=1')
    const warning = `WARNING! This will remove ${all ? 'all' : 'anonymous'} local volumes not used by at least one container.`
    if (!flags.bool('force') && !(await confirm(terminal, warning))) return
    const report = await openEngine(terminal).json<{ VolumesDeleted: string[] | null; SpaceReclaimed: number }>(
      'POST',
      '/volumes/prune',
      { query: { filters: formatFilters([...filters, ...(all ? ['all=true'] : [])]) } },
    )
    const deleted = report.VolumesDeleted ?? []
    if (deleted.length > 0) terminal.out(`Deleted Volumes:\n${deleted.map((name) => `${name}\n`).join('')}\n`)
    terminal.out(`Total reclaimed space: ${humanSize(report.SpaceReclaimed)}\n`)
  },
}
