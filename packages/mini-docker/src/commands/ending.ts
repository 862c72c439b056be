/** What `stop` and `restart` have in common: a signal, patience, and a list of containers. */
import { containerPath } from '../client/containers.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { forEach } from './each.ts'

/** `stop` and `restart` take the same words and send the same query; only the daemon's answer differs. */
export function endingCommand(name: 'stop' | 'restart', about: string): Command {
  return {
    name,
    usage: '[OPTIONS] CONTAINER [CONTAINER...]',
    about,
    faces: 'requests',
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
        async (container) => void (await engine.text('POST', containerPath(container, name), { query })),
      )
    },
  }
}
