/** `volume rm`: volumes that no container has are removed, with all that is in them. */
import { openEngine } from '../client/open.ts'
import { volumePath } from '../client/volumes.ts'
import type { Command } from '../cli/command.ts'
import { CliError } from '../cli/errors.ts'
import { daemonMessage } from '../cli/failure.ts'

export const command: Command = {
  name: 'volume rm',
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  about: 'Remove one or more volumes. You cannot remove a volume that is in use by a container.',
  faces: 'requests',
  flags: [{ name: 'force', short: 'f', kind: 'bool', help: 'Force the removal of one or more volumes' }],
  words: { atLeast: 1 },
  async run(flags, names, terminal) {
    const engine = openEngine(terminal)
    const query = flags.bool('force') ? { force: '1' } : {}
    const problems: string[] = []
    for (const name of names) {
      try {
        await engine.text('DELETE', volumePath(name), { query })
        terminal.out(`${name}\n`)
      } catch (error) {
        problems.push(daemonMessage(error as Error))
      }
    }
    if (problems.length > 0) throw new CliError(problems.join('\n'))
  },
}
