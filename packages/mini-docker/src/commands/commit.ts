/** `commit`: what a container changed becomes an image. */
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { CliError } from '../cli/errors.ts'
import { parseImageName } from '../create/reference.ts'

export const command: Command = {
  name: 'commit',
  usage: '[OPTIONS] CONTAINER [REPOSITORY[:TAG]]',
  about: "Create a new image from a container's changes",
  faces: 'requests',
  flags: [
    {
      name: 'author',
      short: 'a',
      kind: 'string',
      help: 'Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")',
    },
    { name: 'change', short: 'c', kind: 'list', help: 'Apply Dockerfile instruction to the created image' },
    { name: 'message', short: 'm', kind: 'string', help: 'Commit message' },
    { name: 'pause', short: 'p', kind: 'bool', help: 'Pause container during commit (default true)' },
  ],
  words: { atLeast: 1, atMost: 2 },
  async run(flags, [container = '', name = ''], terminal) {
    const query = {
      container,
      ...(name === '' ? {} : parts(name)),
      author: flags.string('author'),
      comment: flags.string('message'),
      changes: flags.list('change'),
      pause: flags.has('pause') && !flags.bool('pause') ? '0' : undefined,
    }
    const { Id } = await openEngine(terminal).json<{ Id: string }>('POST', '/commit', { query })
    terminal.out(`${Id}\n`)
  },
}

function parts(text: string): { repo: string; tag: string } {
  const { domain, path, tag, digest } = parseImageName(text)
  if (digest !== undefined) throw new CliError('refusing to create a tag with a digest reference')
  return { repo: `${domain}/${path}`, tag: tag ?? 'latest' }
}
