/** `rm`: removes containers; with `-f` running ones too. */
import { containerPath } from '../client/containers.ts'
import { ApiError } from '../client/engine.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { CliError, exitWith } from '../cli/errors.ts'
import { daemonMessage } from '../cli/failure.ts'

export const command: Command = {
  name: 'rm',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  about: 'Remove one or more containers',
  faces: 'requests',
  flags: [
    { name: 'force', short: 'f', kind: 'bool', help: 'Force the removal of a running container (uses SIGKILL)' },
    { name: 'link', short: 'l', kind: 'bool', help: 'Remove the specified link' },
    { name: 'volumes', short: 'v', kind: 'bool', help: 'Remove anonymous volumes associated with the container' },
  ],
  words: { atLeast: 1 },
  async run(flags, names, terminal) {
    if (names.includes('')) throw new CliError('Container name cannot be empty')
    const engine = openEngine(terminal)
    const force = flags.bool('force')
    const query = { force, v: flags.bool('volumes'), link: flags.bool('link') }
    const results = await Promise.allSettled(
      names.map((name) => engine.text('DELETE', containerPath(name.replace(/^\//, '')), { query })),
    )
    let failed = false
    results.forEach((result, index) => {
      if (result.status === 'fulfilled') return terminal.out(`${names[index]}\n`)
      terminal.err(`${daemonMessage(result.reason as Error)}\n`)
      // With -f, what is gone already is as good as removed.
      if (!(force && result.reason instanceof ApiError && result.reason.status === 404)) failed = true
      return undefined
    })
    if (failed) throw exitWith(1)
  },
}
