/** `import`: a root filesystem in a tar archive becomes an image of one layer. */
import { openEngine } from '../client/open.ts'
import { showProgress } from '../client/pull.ts'
import { fileBody, stdinBody } from '../client/upload.ts'
import type { Command } from '../cli/command.ts'
import { notBuilt } from '../cli/errors.ts'
import { parseImageName } from '../create/reference.ts'

export const command: Command = {
  name: 'import',
  usage: '[OPTIONS] file|URL|- [REPOSITORY[:TAG]]',
  about: 'Import the contents from a tarball to create a filesystem image',
  flags: [
    { name: 'change', short: 'c', kind: 'list', help: 'Apply Dockerfile instruction to the created image' },
    { name: 'message', short: 'm', kind: 'string', help: 'Set commit message for imported image' },
    { name: 'platform', kind: 'string', help: '', notBuilt: 'images for several platforms come with part 2' },
  ],
  words: { atLeast: 1 },
  async run(flags, [source = '', repo = ''], terminal) {
    if (/^https?:\/\//.test(source))
      throw notBuilt(`import ${source}`, 'fetching comes with part 2; fetch the file yourself and pass - or its path')
    if (repo !== '') parseImageName(repo)
    const body = source === '-' ? stdinBody(terminal) : await fileBody(source)
    const engine = openEngine(terminal)
    await engine.negotiate()
    const query = { fromSrc: '-', repo, message: flags.string('message'), changes: flags.list('change') }
    const answer = await engine.stream('POST', '/images/create', { query, body, contentType: 'text/plain' })
    await showProgress(answer.body(), terminal.out)
  },
}
