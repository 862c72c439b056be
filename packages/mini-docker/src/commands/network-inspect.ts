/** `network inspect`: everything that the daemon knows about networks. */
import { networkPath } from '../client/networks.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { FORMAT_ONE } from '../cli/common-flags.ts'
import { parseExact } from '../template/index.ts'
import { inspectAll } from './inspect.ts'

export const command: Command = {
  name: 'network inspect',
  usage: '[OPTIONS] NETWORK [NETWORK...]',
  about: 'Display detailed information on one or more networks',
  flags: [FORMAT_ONE, { name: 'verbose', short: 'v', kind: 'bool', help: 'Verbose output for diagnostics' }],
  words: { atLeast: 1 },
  async run(flags, names, terminal) {
    const engine = openEngine(terminal)
    const query = { verbose: flags.bool('verbose') ? 'true' : undefined }
    const inspect = async (name: string) => parseExact(await engine.text('GET', networkPath(name), { query }))
    await inspectAll(names, inspect, flags.string('format'), terminal)
  },
}
