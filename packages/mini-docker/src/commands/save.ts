/** `save`: images as one tar archive, to a file or to a pipe. */
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { CliError } from '../cli/errors.ts'
import { parsePlatformFlag, PLATFORM } from '../cli/platform.ts'
import { openError } from '../create/files.ts'

export const command: Command = {
  name: 'save',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  about: 'Save one or more images to a tar archive (streamed to STDOUT by default)',
  flags: [
    { name: 'output', short: 'o', kind: 'string', help: 'Write to a file, instead of STDOUT' },
    PLATFORM('Save only the given platform variant (like linux/amd64)'),
  ],
  words: { atLeast: 1 },
  async run(flags, images, terminal) {
    const output = flags.string('output') ?? ''
    if (output === '' && terminal.isTty(1))
      throw new CliError('cowardly refusing to save to a terminal. Use the -o flag or redirect')
    const engine = openEngine(terminal)
    const platform = await parsePlatformFlag(flags, engine, '1.48')
    const answer = await engine.stream('GET', '/images/get', { query: { names: images, platform } })
    if (output === '') {
      for await (const bytes of answer.body()) await terminal.write(1, bytes)
    } else await saveTo(output, answer.body())
  },
}

/** Written beside the file and renamed when complete: a broken connection leaves no half archive under the name. */
async function saveTo(output: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  const { open, rename, rm } = await import('node:fs/promises')
  const draft = `${output}.tmp-${process.pid}`
  let file
  try {
    file = await open(draft, 'wx', 0o600)
  } catch (error) {
    throw new CliError(`failed to save image: ${openError(output, error).message}`)
  }
  try {
    for await (const bytes of body) await file.writeFile(bytes)
    await file.close()
    await rename(draft, output)
  } catch (error) {
    await file.close()
    await rm(draft, { force: true })
    throw error
  }
}
