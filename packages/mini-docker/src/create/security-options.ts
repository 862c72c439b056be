/** `--security-opt`: checked as docker's client does; a seccomp profile is read here, since the daemon may not see the file. */
import { readTextFile } from './files.ts'

/** The options for the API, and whether `systempaths=unconfined` was among them (which is no option of the API). */
export function parseSecurityOptions(given: readonly string[]): { options: string[]; unconfinedPaths: boolean } {
  const options = given.filter((text) => text !== 'systempaths=unconfined').map(parseOne)
  return { options, unconfinedPaths: options.length < given.length }
}

function parseOne(text: string): string {
  if (text === 'no-new-privileges') return text
  const separator = text.includes('=') ? '=' : ':'
  const at = text.indexOf(separator)
  if (at === -1) throw new Error(`Invalid --security-opt: ${JSON.stringify(text)}`)
  const [name, value] = [text.slice(0, at), text.slice(at + 1)]
  if (name !== 'seccomp' || value === 'unconfined' || value === 'builtin') return text
  return `seccomp=${readProfile(value)}`
}

function readProfile(path: string): string {
  let profile
  try {
    profile = readTextFile(path)
  } catch (error) {
    throw new Error(`opening seccomp profile (${path}) failed: ${(error as Error).message}`, { cause: error })
  }
  try {
    return JSON.stringify(JSON.parse(profile))
  } catch (error) {
    throw new Error(`compacting json for seccomp profile (${path}) failed: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
