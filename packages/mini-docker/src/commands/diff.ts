/** `diff`: what a container changed in its image's files. */
import { containerPath } from '../client/containers.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { CliError } from '../cli/errors.ts'
import { printableText } from '../format/printable.ts'

/** Docker's numbers: changed, added, deleted. */
const LETTERS = ['C', 'A', 'D']

export const command: Command = {
  name: 'diff',
  usage: 'CONTAINER',
  about: "Inspect changes to files or directories on a container's filesystem",
  flags: [],
  words: { exactly: 1 },
  async run(_flags, [name = ''], terminal) {
    if (name.trim() === '') throw new CliError('Container name cannot be empty')
    const changes = await openEngine(terminal).json<{ Path: string; Kind: number }[] | null>(
      'GET',
      containerPath(name, 'changes'),
    )
    for (const { Path, Kind } of changes ?? []) terminal.out(`${LETTERS[Kind] ?? '?'} ${printableText(Path)}\n`)
  },
}
