/** `volume inspect`: everything that the daemon knows about volumes. */
import { openEngine } from '../client/open.ts'
import { volumePath } from '../client/volumes.ts'
import type { Command } from '../cli/command.ts'
import { FORMAT_ONE } from '../cli/common-flags.ts'
import { parseExact } from '../template/index.ts'
import { inspectAll } from './inspect.ts'

export const command: Command = {
  name: 'volume inspect',
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  about: 'Display detailed information on one or more volumes',
  flags: [FORMAT_ONE],
  words: { atLeast: 1 },
  async run(flags, names, terminal) {
    const engine = openEngine(terminal)
    const inspect = async (name: string) => parseExact(await engine.text('GET', volumePath(name)))
    await inspectAll(names, inspect, flags.string('format'), terminal)
  },
}
