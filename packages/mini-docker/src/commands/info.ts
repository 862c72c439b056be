/** `info`: the daemon and the machine it runs on. */
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { FORMAT_ONE } from '../cli/common-flags.ts'
import { CliError } from '../cli/errors.ts'
import { CLIENT_VERSION } from '../cli/version.ts'
import { formatInfo, type Info } from '../format/info.ts'
import { compile, goJson, goValue, TemplateError, TemplateSyntaxError } from '../template/index.ts'

export const command: Command = {
  name: 'info',
  usage: '[OPTIONS]',
  about: 'Display system-wide information',
  flags: [FORMAT_ONE],
  words: { exactly: 0 },
  async run(flags, _words, terminal) {
    const info = await openEngine(terminal).json<Info>('GET', '/info')
    const format = flags.string('format')
    const client = { Debug: false, Context: 'default', Plugins: [], Warnings: null, Version: CLIENT_VERSION }
    if (format !== undefined && format !== '')
      return terminal.out(`${formatted(format, { ...info, ClientInfo: client })}\n`)
    terminal.out(
      `Client:\n Version:    ${CLIENT_VERSION}\n Context:    default\n Debug Mode: false\n\nServer:\n${formatInfo(info)}\n`,
    )
    for (const warning of info.Warnings ?? []) terminal.err(`${warning}\n`)
    return undefined
  },
}

function formatted(format: string, value: unknown): string {
  if (format === 'json') return goJson(value)
  try {
    return compile(format)(goValue(value))
  } catch (error) {
    if (error instanceof TemplateError || error instanceof TemplateSyntaxError) throw new CliError(error.message)
    throw error
  }
}
