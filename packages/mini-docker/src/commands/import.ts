/** `import`: a root filesystem in a tar archive becomes an image of one layer. */
import { openEngine } from '../client/open.ts'
import { showProgress } from '../client/progress/show.ts'
import { fileBody, stdinBody } from '../client/upload.ts'
import type { Command } from '../cli/command.ts'
import { PLATFORM } from '../cli/platform.ts'
import type { Terminal } from '../cli/terminal.ts'
import { parseImageName } from '../create/reference.ts'

export const command: Command = {
  name: 'import',
  usage: '[OPTIONS] file|URL|- [REPOSITORY[:TAG]]',
  about: 'Import the contents from a tarball to create a filesystem image',
  faces: 'requests',
  flags: [
    { name: 'change', short: 'c', kind: 'list', help: 'Apply Dockerfile instruction to the created image' },
    { name: 'message', short: 'm', kind: 'string', help: 'Set commit message for imported image' },
    PLATFORM('Set platform if server is multi-platform capable'),
  ],
  words: { atLeast: 1 },
  async run(flags, [source = '', repo = ''], terminal) {
    if (repo !== '') parseImageName(repo)
    const isUrl = /^https?:\/\//.test(source)
    const query = {
      fromSrc: isUrl ? source : '-',
      repo,
      message: flags.string('message'),
      changes: flags.list('change'),
      platform: flags.string('platform'),
    }
    const archive = isUrl ? {} : { body: await archiveBody(source, terminal), contentType: 'text/plain' }
    const engine = openEngine(terminal)
    await engine.negotiate()
    const answer = await engine.stream('POST', '/images/create', { query, ...archive })
    await showProgress(answer.body(), terminal)
  },
}

function archiveBody(
  source: string,
  terminal: Terminal,
): Promise<AsyncIterable<Uint8Array>> | AsyncIterable<Uint8Array> {
  return source === '-' ? stdinBody(terminal) : fileBody(source)
}
