/** What `image tree` and `image diff` have in common: asking a daemon for more than docker's API has, and printing lines. */
import { ApiError } from '../client/engine.ts'
import { CliError, PROGRAM } from '../cli/errors.ts'
import type { Flag, Flags } from '../cli/flags.ts'
import type { Terminal } from '../cli/terminal.ts'
import { languageOf, type Language } from '../faces/explain.ts'

export const LANG: Flag = {
  name: 'lang',
  kind: 'string',
  help: 'Language of the words: en or ja (default: as the locale says)',
  check(text) {
    if (text !== 'en' && text !== 'ja') throw new Error('must be "en" or "ja"')
  },
}

export function languageFrom(flags: Flags, terminal: Terminal): Language {
  return (flags.string('lang') as Language | undefined) ?? languageOf(terminal.env)
}

export function imagePath(name: string, what: 'tree' | 'diff'): string {
  return `/x/images/${encodeURIComponent(name)}/${what}`
}

/** A real dockerd has no such path, and says no more than that. */
export function explainMissing(error: unknown, command: string): unknown {
  if (!(error instanceof ApiError) || error.status !== 404 || error.message !== 'page not found') return error
  return new CliError(`${PROGRAM}: ${command} needs a daemon of mini-docker, this one is another`, 1, { cause: error })
}

const LINES_AT_ONCE = 1000

/** Writes lines as their reader takes them. */
export async function printLines(lines: Iterable<string>, terminal: Terminal): Promise<void> {
  let waiting: string[] = []
  const flush = async (): Promise<void> => {
    await terminal.write(1, Buffer.from(waiting.join('')))
    waiting = []
  }
  for (const line of lines) {
    waiting.push(`${line}\n`)
    if (waiting.length === LINES_AT_ONCE) await flush()
  }
  await flush()
}
