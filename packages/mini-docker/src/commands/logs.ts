/** `logs`: what a container has written, and with `-f` what it goes on writing. */
import { containerPath, type ContainerInspect } from '../client/containers.ts'
import { openEngine } from '../client/open.ts'
import { Demultiplexer } from '../client/stdcopy.ts'
import type { Command } from '../cli/command.ts'
import { parseTimestamp } from '../format/go-time.ts'

export const command: Command = {
  name: 'logs',
  usage: '[OPTIONS] CONTAINER',
  about: 'Fetch the logs of a container',
  flags: [
    { name: 'details', kind: 'bool', help: 'Show extra details provided to logs' },
    { name: 'follow', short: 'f', kind: 'bool', help: 'Follow log output' },
    {
      name: 'since',
      kind: 'string',
      help: 'Show logs since timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)',
    },
    {
      name: 'tail',
      short: 'n',
      kind: 'string',
      help: 'Number of lines to show from the end of the logs (default "all")',
    },
    { name: 'timestamps', short: 't', kind: 'bool', help: 'Show timestamps' },
    { name: 'until', kind: 'string', help: 'Show logs before a timestamp or relative' },
  ],
  words: { exactly: 1 },
  async run(flags, [name = ''], terminal) {
    const engine = openEngine(terminal)
    const container = await engine.json<ContainerInspect>('GET', containerPath(name, 'json'))
    const at = (flag: string) => {
      const text = flags.string(flag)
      if (text === undefined || text === '') return undefined
      try {
        return parseTimestamp(text, Date.now())
      } catch (error) {
        throw new Error(`invalid value for "${flag}": ${(error as Error).message}`, { cause: error })
      }
    }
    const answer = await engine.stream('GET', `/containers/${container.Id}/logs`, {
      query: {
        stdout: true,
        stderr: true,
        follow: flags.bool('follow'),
        timestamps: flags.bool('timestamps'),
        details: flags.bool('details'),
        since: at('since'),
        until: at('until'),
        tail: flags.string('tail') ?? 'all',
      },
    })
    const frames = new Demultiplexer()
    for await (const bytes of answer.body()) {
      const pieces = container.Config.Tty ? [{ fd: 1 as const, bytes }] : frames.feed(bytes)
      for (const piece of pieces) await terminal.write(piece.fd, piece.bytes)
    }
  },
}
