/** `gc`: takes away what belongs to no living container or image: left-over mounts, cgroups, folders, blobs. */
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'

export const command: Command = {
  name: 'gc',
  usage: '[OPTIONS]',
  about: 'Remove what crashed runs left behind (the daemon does the same when it starts)',
  faces: 'requests',
  flags: [{ name: 'json', kind: 'bool', help: 'Print what was removed as JSON' }],
  words: { exactly: 0 },
  async run(flags, _words, terminal) {
    const { Removed } = await openEngine(terminal).json<{ Removed: Array<{ kind: string; name: string }> }>(
      'POST',
      '/x/gc',
    )
    if (flags.bool('json')) return terminal.out(`${JSON.stringify(Removed)}\n`)
    if (Removed.length === 0) return terminal.out('Nothing left behind\n')
    return terminal.out(Removed.map(({ kind, name }) => `Removed ${kind} ${name}\n`).join(''))
  },
}
