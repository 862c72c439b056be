/** `-e` and `--env-file`, of run, create and exec. */
import type { Flags } from '../cli/flags.ts'
import { parseKeyValueFile, readTextFile } from './files.ts'

/** Files first, `-e` after them; `-e NAME` takes the client's value, and stays a bare name where there is none. */
export function environment(flags: Flags, env: Record<string, string | undefined>): string[] | null {
  const fromFiles = flags.list('env-file').flatMap((path) => parseKeyValueFile(readTextFile(path), path, env))
  const given = flags
    .list('env')
    .map((text) => (text.includes('=') || env[text] === undefined ? text : `${text}=${env[text]}`))
  const all = [...fromFiles, ...given]
  return all.length === 0 ? null : all
}
