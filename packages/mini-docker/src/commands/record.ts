/** `record FILE run …`: a run as always, and its story in a file that `replay` plays on any machine. */
import { runCommand, type Command } from '../cli/command.ts'
import { CliError, PROGRAM } from '../cli/errors.ts'
import { command as run, runFlags } from './run.ts'

export const command: Command = {
  name: 'record',
  usage: 'FILE run [OPTIONS] IMAGE [COMMAND] [ARG...]',
  about: 'Run a container and record how it is made, what the kernel says of it, and what it prints',
  flags: [],
  words: { atLeast: 2 },
  stopAtFirstWord: true,
  async run(_flags, [file = '', name = '', ...rest], terminal) {
    if (name !== 'run')
      throw new CliError(`${PROGRAM}: record: only a run can be recorded, not ${JSON.stringify(name)}`, 125)
    await runCommand(
      { ...run, run: (flags, words, of) => runFlags(flags, words, of, { recordTo: file }) },
      rest,
      terminal,
    )
  },
}
