/** `unpause`: thaws what pause has frozen. */
import { containerPath } from '../client/containers.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { forEach } from './each.ts'

export const command: Command = {
  name: 'unpause',
  usage: 'CONTAINER [CONTAINER...]',
  about: 'Unpause all processes within one or more containers',
  faces: 'requests',
  flags: [],
  words: { atLeast: 1 },
  async run(_flags, names, terminal) {
    const engine = openEngine(terminal)
    await forEach(names, terminal, async (name) => void (await engine.text('POST', containerPath(name, 'unpause'))))
  },
}
