/** `save`: images as one tar archive, to a file or to a pipe. */
import { listImages } from '../classroom/images.ts'
import type { Engine } from '../client/engine.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { CliError } from '../cli/errors.ts'
import { writeOutputFile } from '../cli/output-file.ts'
import { parsePlatformFlag, PLATFORM } from '../cli/platform.ts'
import { openError } from '../create/files.ts'

export const command: Command = {
  name: 'save',
  usage: '[OPTIONS] IMAGE [IMAGE...]|--all',
  about: 'Save one or more images to a tar archive (streamed to STDOUT by default)',
  faces: 'requests',
  flags: [
    { name: 'output', short: 'o', kind: 'string', help: 'Write to a file, instead of STDOUT' },
    { name: 'all', short: 'a', kind: 'bool', help: 'Save all images with all their names' },
    PLATFORM('Save only the given platform variant (like linux/amd64)'),
  ],
  words: { atLeast: 1, unless: 'all' },
  async run(flags, words, terminal) {
    const output = flags.string('output') ?? ''
    if (output === '' && terminal.isTty(1))
      throw new CliError('cowardly refusing to save to a terminal. Use the -o flag or redirect')
    const engine = openEngine(terminal)
    const platform = await parsePlatformFlag(flags, engine, '1.48')
    const images = flags.bool('all') ? await everything(engine) : words
    const answer = await engine.stream('GET', '/images/get', { query: { names: images, platform } })
    if (output === '') {
      for await (const bytes of answer.body()) await terminal.write(1, bytes)
    } else await saveTo(output, answer.body())
  },
}

async function saveTo(output: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    await writeOutputFile(output, body)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== 'open') throw error
    throw new CliError(`failed to save image: ${openError(output, error).message}`)
  }
}

/** Every name, and those images by ID that have none. */
async function everything(engine: Engine): Promise<string[]> {
  const images = await listImages(engine)
  if (images.length === 0) throw new CliError('there are no images to save')
  return images.flatMap(({ id, names }) => (names.length > 0 ? names : [id])).toSorted()
}
