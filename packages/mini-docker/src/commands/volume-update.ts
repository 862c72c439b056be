/** `volume update`: only cluster volumes can be changed, and there are none without swarm. */
import { openEngine } from '../client/open.ts'
import { volumePath } from '../client/volumes.ts'
import type { Command } from '../cli/command.ts'
import { CliError } from '../cli/errors.ts'

export const command: Command = {
  name: 'volume update',
  usage: '[OPTIONS] [VOLUME]',
  about: 'Update a volume (cluster volumes only)',
  flags: [{ name: 'availability', kind: 'string', help: 'Cluster Volume availability ("active", "pause", "drain")' }],
  words: { exactly: 1 },
  async run(_flags, [name = ''], terminal) {
    await openEngine(terminal).text('GET', volumePath(name))
    throw new CliError('can only update cluster volumes')
  },
}
