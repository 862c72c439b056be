/** `load`: images from a tar archive (docker's or OCI's, plain or compressed). */
import { openEngine } from '../client/open.ts'
import { showProgress } from '../client/progress/show.ts'
import { fileBody, stdinBody } from '../client/upload.ts'
import type { Command } from '../cli/command.ts'
import { CliError } from '../cli/errors.ts'
import { parsePlatformFlag, PLATFORM } from '../cli/platform.ts'

export const command: Command = {
  name: 'load',
  usage: '[OPTIONS]',
  about: 'Load an image from a tar archive or STDIN',
  faces: 'requests',
  flags: [
    { name: 'input', short: 'i', kind: 'string', help: 'Read from tar archive file, instead of STDIN' },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Suppress the load output' },
    PLATFORM('Load only the given platform variant (like linux/amd64)'),
  ],
  words: { exactly: 0 },
  async run(flags, _words, terminal) {
    const input = flags.string('input') ?? ''
    if (input === '' && terminal.isTty(0)) throw new CliError('requested load from stdin, but stdin is empty')
    const body = input === '' ? stdinBody(terminal) : await fileBody(input)
    const engine = openEngine(terminal)
    await engine.negotiate()
    const platform = await parsePlatformFlag(flags, engine, '1.48')
    const quiet = flags.bool('quiet') || !terminal.isTty(1)
    const answer = await engine.stream('POST', '/images/load', { query: { quiet, platform }, body })
    await showProgress(answer.body(), terminal)
  },
}
