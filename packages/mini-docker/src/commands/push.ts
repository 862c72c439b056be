/** `push`: an image goes to the registry that its name names. */
import type { Engine } from '../client/engine.ts'
import { openEngine } from '../client/open.ts'
import { showProgress, type ShowOptions } from '../client/progress/show.ts'
import { registryAuth } from '../client/registry-auth.ts'
import { serverOfImage, wantedImage, type WantedImage } from '../client/registry-name.ts'
import type { Command } from '../cli/command.ts'
import { CONTENT_TRUST } from '../cli/common-flags.ts'
import { note } from '../cli/note.ts'
import { parsePlatformFlag, PLATFORM } from '../cli/platform.ts'
import type { Flags } from '../cli/flags.ts'
import type { Terminal } from '../cli/terminal.ts'
import { EXPLAIN, requestTrace, TRACE, TRACE_JSON } from './request-trace.ts'

export const command: Command = {
  name: 'push',
  usage: '[OPTIONS] NAME[:TAG]',
  about: 'Upload an image to a registry',
  faces: 'own',
  flags: [
    { name: 'all-tags', short: 'a', kind: 'bool', help: 'Push all tags of an image to the repository' },
    { ...CONTENT_TRUST, help: 'Skip image signing (default true)' },
    PLATFORM('Push one platform of an image for several, as an image of its own (like linux/amd64)'),
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Suppress verbose output' },
    ...EXPLAIN,
    TRACE,
    TRACE_JSON,
  ],
  words: { exactly: 1 },
  async run(flags, [text = ''], terminal) {
    if (flags.bool('explain')) {
      const { explained } = await import('../faces/faced.ts')
      const asked = wantedImage(text, { allTags: flags.bool('all-tags') })
      const shown = { platform: flags.string('platform'), quiet: true, onRequest: undefined }
      return await explained((quiet) => push(openEngine(quiet), asked, shown, quiet), flags, terminal)
    }
    const engine = openEngine(terminal)
    const platform = await platformOf(engine, flags, terminal)
    const onRequest = requestTrace(flags, terminal)
    const wanted = wantedImage(text, { allTags: flags.bool('all-tags') })
    const quiet = flags.bool('quiet')
    if (wanted.defaulted && !quiet) terminal.out('Using default tag: latest\n')
    await push(engine, wanted, { platform, quiet, onRequest }, terminal)
    if (quiet) terminal.out(`${wanted.text}\n`)
  },
}

async function platformOf(engine: Engine, flags: Flags, terminal: Terminal): Promise<string | undefined> {
  const platform = await parsePlatformFlag(flags, engine, '1.46')
  if (platform === undefined) return undefined
  note(
    terminal,
    'Using --platform pushes only the specified platform manifest of a multi-platform image index.',
    'Other components, like attestations, will not be included.',
    'To push the complete multi-platform image, remove the --platform flag.',
    '',
  )
  return platform
}

async function push(
  engine: Engine,
  { name, repository, tag }: WantedImage,
  { platform, ...shown }: ShowOptions & { platform: string | undefined },
  terminal: Terminal,
): Promise<void> {
  if (name.digest !== undefined) throw new Error('cannot push a digest reference')
  const path = `${shown.onRequest === undefined ? '' : '/x'}/images/${repository}/push`
  const answer = await engine.stream('POST', path, {
    query: { tag, platform },
    headers: await registryAuth(serverOfImage(name), terminal),
  })
  await showProgress(answer.body(), terminal, shown)
}
