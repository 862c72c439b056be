/** `image diff`: the files and settings in which two images differ, and in which layers that lies. */
import { formatDiff, type ImageDiff } from '@mini-docker/image/inspect'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { explainMissing, imagePath, LANG, languageFrom, printLines } from './inspect-image.ts'

export const command: Command = {
  name: 'image diff',
  usage: '[OPTIONS] IMAGE IMAGE',
  about: 'Show the files and settings in which two images differ, layer by layer',
  flags: [
    { name: 'json', kind: 'bool', help: 'Print everything as one JSON object' },
    { name: 'plain', kind: 'bool', help: 'Print whole lines, in a terminal too' },
    LANG,
  ],
  words: { exactly: 2 },
  async run(flags, [a = '', b = ''], terminal) {
    const query = { with: b }
    const diff = await openEngine(terminal)
      .json<ImageDiff>('GET', imagePath(a, 'diff'), { query })
      .catch((error: unknown) => {
        throw explainMissing(error, 'image diff')
      })
    if (flags.bool('json')) return printLines([JSON.stringify(diff)], terminal)
    const columns = flags.bool('plain') ? undefined : terminal.size()?.columns
    const language = languageFrom(flags, terminal)
    await printLines(formatDiff(diff, { language, ...(columns !== undefined && columns > 0 && { columns }) }), terminal)
  },
}
