/** `rename`: another name for a container. */
import { containerPath } from '../client/containers.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { CliError } from '../cli/errors.ts'
import { daemonMessage } from '../cli/failure.ts'

export const command: Command = {
  name: 'rename',
  usage: 'CONTAINER NEW_NAME',
  about: 'Rename a container',
  faces: 'requests',
  flags: [],
  words: { exactly: 2 },
  async run(_flags, [oldName = '', newName = ''], terminal) {
    if (oldName.trim() === '' || newName.trim() === '')
      throw new CliError('Error: Neither old nor new names may be empty')
    try {
      await openEngine(terminal).text('POST', containerPath(oldName.trim(), 'rename'), {
        query: { name: newName.trim() },
      })
    } catch (error) {
      throw new CliError(`${daemonMessage(error as Error)}\nError: failed to rename container named ${oldName}`)
    }
  },
}
