/** `stop`: the stop signal, and after a while SIGKILL. */
import { containerPath } from '../client/containers.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { forEach } from './each.ts'

export const command: Command = {
  name: 'stop',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  about: 'Stop one or more running containers',
  flags: [
    { name: 'signal', short: 's', kind: 'string', help: 'Signal to send to the container' },
    { name: 'time', kind: 'int', help: '', aliasOf: 'timeout' },
    { name: 'timeout', short: 't', kind: 'int', help: 'Seconds to wait before killing the container' },
  ],
  words: { atLeast: 1 },
  async run(flags, names, terminal) {
    const engine = openEngine(terminal)
    const query = { t: flags.int('timeout'), signal: flags.string('signal') }
    await forEach(
      names,
      terminal,
      async (name) => void (await engine.text('POST', containerPath(name, 'stop'), { query })),
    )
  },
}
