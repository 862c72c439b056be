/** `--lang en|ja`, as the commands of a classroom take it; without it the locale decides. */
import type { Flag, Flags } from '../cli/flags.ts'
import { languageOf, type Language } from '../faces/explain.ts'

export const LANG: Flag = {
  name: 'lang',
  kind: 'string',
  help: 'Language of what is told: en or ja (default: from LANG)',
  check(text) {
    if (text !== 'en' && text !== 'ja') throw new Error('must be "en" or "ja"')
  },
}

export function languageFor(flags: Flags, env: Record<string, string | undefined>): Language {
  const chosen = flags.string('lang')
  return chosen === 'en' || chosen === 'ja' ? chosen : languageOf(env)
}
