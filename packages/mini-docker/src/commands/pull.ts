/** `pull`: the daemon fetches an image from a registry. */
import { createImage } from '../client/create-image.ts'
import { openEngine } from '../client/open.ts'
import { wantedImage } from '../client/registry-name.ts'
import type { Command } from '../cli/command.ts'
import { CONTENT_TRUST } from '../cli/common-flags.ts'
import { PLATFORM } from '../cli/platform.ts'

export const command: Command = {
  name: 'pull',
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  about: 'Download an image from a registry',
  flags: [
    { name: 'all-tags', short: 'a', kind: 'bool', help: 'Download all tagged images in the repository' },
    CONTENT_TRUST,
    PLATFORM('Set platform if server is multi-platform capable'),
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Suppress verbose output' },
  ],
  words: { exactly: 1 },
  async run(flags, [text = ''], terminal) {
    const wanted = wantedImage(text, { allTags: flags.bool('all-tags') })
    const quiet = flags.bool('quiet')
    if (wanted.defaulted && !quiet) terminal.out('Using default tag: latest\n')
    const options = { platform: flags.string('platform'), progressOn: quiet ? undefined : (1 as const) }
    await createImage(openEngine(terminal), wanted, options, terminal)
    terminal.out(`${wanted.text}\n`)
  },
}
