/** `wait`: blocks until containers have exited and prints their exit codes. */
import { containerPath } from '../client/containers.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { exitWith } from '../cli/errors.ts'
import { daemonMessage } from '../cli/failure.ts'

export const command: Command = {
  name: 'wait',
  usage: 'CONTAINER [CONTAINER...]',
  about: 'Block until one or more containers stop, then print their exit codes',
  flags: [],
  words: { atLeast: 1 },
  async run(_flags, names, terminal) {
    const engine = openEngine(terminal)
    let failed = false
    for (const name of names) {
      try {
        const { StatusCode } = await engine.json<{ StatusCode: number }>('POST', containerPath(name, 'wait'))
        terminal.out(`${StatusCode}\n`)
      } catch (error) {
        failed = true
        terminal.err(`${daemonMessage(error as Error)}\n`)
      }
    }
    if (failed) throw exitWith(1)
  },
}
