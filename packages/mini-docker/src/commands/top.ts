/** `top`: the container's processes, as the host's ps(1) shows them. */
import { containerPath } from '../client/containers.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { alignColumns } from '../format/columns.ts'

export const command: Command = {
  name: 'top',
  usage: 'CONTAINER [ps OPTIONS]',
  about: 'Display the running processes of a container',
  flags: [],
  words: { atLeast: 1 },
  stopAtFirstWord: true,
  async run(_flags, [name = '', ...words], terminal) {
    const { Titles, Processes } = await openEngine(terminal).json<{ Titles: string[]; Processes: string[][] | null }>(
      'GET',
      containerPath(name, 'top'),
      {
        query: { ps_args: words.join(' ') },
      },
    )
    const lines = [Titles, ...(Processes ?? [])].map((cells) => `${cells.join('\t')}\n`)
    terminal.out(alignColumns(lines.join(''), 20))
  },
}
