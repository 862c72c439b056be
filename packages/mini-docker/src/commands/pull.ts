/** `pull`: the daemon fetches an image from a registry. */
import { createImage } from '../client/create-image.ts'
import { openEngine } from '../client/open.ts'
import { wantedImage } from '../client/registry-name.ts'
import type { Command } from '../cli/command.ts'
import { CONTENT_TRUST } from '../cli/common-flags.ts'
import { PLATFORM } from '../cli/platform.ts'
import { requestTrace, TRACE } from './request-trace.ts'

export const command: Command = {
  name: 'pull',
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  about: 'Download an image from a registry',
  faces: 'own',
  flags: [
    { name: 'all-tags', short: 'a', kind: 'bool', help: 'Download all tagged images in the repository' },
    CONTENT_TRUST,
    PLATFORM('Set platform if server is multi-platform capable'),
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Suppress verbose output' },
    { name: 'explain', kind: 'bool', help: 'Print the steps with their reasons and as shell commands, fetch nothing' },
    TRACE,
    { name: 'json', kind: 'bool', help: 'With --explain or --trace: as JSON' },
    { name: 'lang', kind: 'string', help: 'With --explain: en or ja (default: from LANG)' },
  ],
  words: { exactly: 1 },
  async run(flags, [text = ''], terminal) {
    const wanted = wantedImage(text, { allTags: flags.bool('all-tags') })
    const platform = flags.string('platform')
    const quiet = flags.bool('quiet')
    const engine = openEngine(terminal)
    if (flags.bool('explain')) {
      const { explainPull } = await import('./pull-explain.ts')
      return await explainPull(engine, wanted, flags, terminal)
    }
    const onRequest = requestTrace(flags, terminal)
    if (wanted.defaulted && !quiet) terminal.out('Using default tag: latest\n')
    await createImage(engine, wanted, { platform, quiet, onRequest }, terminal)
    terminal.out(`${wanted.text}\n`)
  },
}
