/** `cp`: files between a container, running or not, and this machine. */
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { CliError } from '../cli/errors.ts'
import { copyFromContainer, copyToContainer } from '../copy/copy.ts'
import { splitWord } from '../copy/paths.ts'

export const command: Command = {
  name: 'cp',
  usage: '[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\tmini-docker cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH',
  about: `Copy files/folders between a container and the local filesystem

Use '-' as the source to read a tar archive from stdin
and extract it to a directory destination in a container.
Use '-' as the destination to stream a tar archive of a
container source to stdout.`,
  faces: 'requests',
  flags: [
    { name: 'archive', short: 'a', kind: 'bool', help: 'Archive mode (copy all uid/gid information)' },
    { name: 'follow-link', short: 'L', kind: 'bool', help: 'Always follow symbol link in SRC_PATH' },
    {
      name: 'quiet',
      short: 'q',
      kind: 'bool',
      help: 'Suppress progress output during copy. Progress output is automatically suppressed if no terminal is attached',
    },
  ],
  words: { exactly: 2 },
  async run(flags, [from = '', to = ''], terminal) {
    if (from === '') throw new CliError('source can not be empty')
    if (to === '') throw new CliError('destination can not be empty')
    const [source, destination] = [splitWord(from), splitWord(to)]
    if (source.container !== '' && destination.container !== '')
      throw new CliError('copying between containers is not supported')
    if (source.container === '' && destination.container === '')
      throw new CliError('must specify at least one container source')
    const options = {
      archive: flags.bool('archive'),
      followLink: flags.bool('follow-link'),
      quiet: flags.has('quiet') ? flags.bool('quiet') : !terminal.isTty(2),
    }
    const engine = openEngine(terminal)
    if (source.container === '') await copyToContainer(engine, terminal, source.path, destination, options)
    else await copyFromContainer(engine, terminal, source, destination.path, options)
  },
}
