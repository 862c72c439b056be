/** `tag`: another name for an image. */
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { CliError } from '../cli/errors.ts'
import { parseImageName } from '../create/reference.ts'

export const command: Command = {
  name: 'tag',
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  about: 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE',
  faces: 'requests',
  flags: [],
  words: { exactly: 2 },
  async run(_flags, [source = '', target = ''], terminal) {
    await openEngine(terminal).text('POST', `/images/${source}/tag`, { query: tagQuery(target) })
  },
}

/** Where the new name goes: `{repo, tag}`, spelled out. Throws CliError with docker's words. */
export function tagQuery(target: string): { repo: string; tag: string } {
  try {
    const { domain, path, tag, digest } = parseImageName(target)
    if (digest !== undefined) throw new Error('refusing to create a tag with a digest reference')
    return { repo: `${domain}/${path}`, tag: tag ?? 'latest' }
  } catch (error) {
    const { message } = error as Error
    throw new CliError(
      message.startsWith('refusing')
        ? message
        : `Error parsing reference: ${JSON.stringify(target)} is not a valid repository/tag: ${message}`,
    )
  }
}
