/** `kill`: a signal to the container's process 1. */
import { containerPath } from '../client/containers.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { forEach } from './each.ts'

export const command: Command = {
  name: 'kill',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  about: 'Kill one or more running containers',
  faces: 'requests',
  flags: [{ name: 'signal', short: 's', kind: 'string', help: 'Signal to send to the container' }],
  words: { atLeast: 1 },
  async run(flags, names, terminal) {
    const engine = openEngine(terminal)
    const query = { signal: flags.string('signal') ?? 'KILL' }
    await forEach(
      names,
      terminal,
      async (name) => void (await engine.text('POST', containerPath(name, 'kill'), { query })),
    )
  },
}
