/** `network prune`: removes the networks that no container is in. */
import { formatFilters } from '../client/engine.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { PRUNE_FILTER } from '../cli/common-flags.ts'
import { confirm } from '../cli/confirm.ts'

export const command: Command = {
  name: 'network prune',
  usage: '[OPTIONS]',
  about: 'Remove all unused networks',
  faces: 'requests',
  flags: [PRUNE_FILTER, { name: 'force', short: 'f', kind: 'bool', help: 'Do not prompt for confirmation' }],
  words: { exactly: 0 },
  async run(flags, _words, terminal) {
    const warning = 'WARNING! This will remove all custom networks not used by at least one container.'
    if (!flags.bool('force') && !(await confirm(terminal, warning))) return
    const report = await openEngine(terminal).json<{ NetworksDeleted: string[] | null }>('POST', '/networks/prune', {
      query: { filters: formatFilters(flags.list('filter')) },
    })
    const deleted = report.NetworksDeleted ?? []
    if (deleted.length > 0) terminal.out(`Deleted Networks:\n${deleted.map((name) => `${name}\n`).join('')}\n`)
  },
}
