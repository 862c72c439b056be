/** `create`: a container, not started. */
import { ApiError, CannotConnect } from '../client/engine.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { CliError, runFailure } from '../cli/errors.ts'
import { daemonMessage } from '../cli/failure.ts'
import { createBody } from '../create/body.ts'
import { createContainer } from '../create/create.ts'
import { CREATE_FLAGS } from '../create/flags.ts'

export const command: Command = {
  name: 'create',
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  about: 'Create a new container',
  faces: 'requests',
  flags: CREATE_FLAGS,
  words: { atLeast: 1 },
  stopAtFirstWord: true,
  async run(flags, [image = '', ...words], terminal) {
    const engine = openEngine(terminal)
    try {
      const body = createBody(flags, image, words, { env: terminal.env, detach: false })
      terminal.out(`${await createContainer(engine, flags, body, terminal)}\n`)
    } catch (error) {
      if (error instanceof CliError || !(error instanceof Error)) throw error
      // Docker's create points to the help for its own complaints, and prints the daemon's bare.
      if (error instanceof ApiError) throw new CliError(daemonMessage(error))
      if (error instanceof CannotConnect) throw new CliError(error.message)
      throw runFailure('create', error.message)
    }
  },
}
