/** Files that flags name: `--env-file`, `--label-file`, a seccomp profile. */
import { readFileSync } from 'node:fs'

/** The text, or docker's message: `open /nope: no such file or directory`. */
export function readTextFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw openError(path, error)
  }
}

/** Go's words for a file that does not open. */
export function openError(path: string, error: unknown): Error {
  const code = (error as NodeJS.ErrnoException).code
  const reasons: Record<string, string> = {
    ENOENT: 'no such file or directory',
    EACCES: 'permission denied',
    EISDIR: 'is a directory',
    ENOTDIR: 'not a directory',
  }
  return new Error(`open ${path}: ${reasons[code ?? ''] ?? (error as Error).message}`)
}

/**
 * Lines `NAME=value` or `NAME` (taken from `env` when set there, dropped otherwise). White space before a line, empty
 * lines and `#` lines do not count.
 */
export function parseKeyValueFile(text: string, path: string, env?: Record<string, string | undefined>): string[] {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((line) => line.replace(/\r$/, '').trimStart())
  return lines.flatMap((line): string[] => {
    if (line === '' || line.startsWith('#')) return []
    const equals = line.indexOf('=')
    const name = equals === -1 ? line : line.slice(0, equals)
    if (name === '') throw new Error(`invalid env file (${path}): no variable name on line '${line}'`)
    if (/\s/.test(name)) throw new Error(`invalid env file (${path}): variable '${name}' contains whitespaces`)
    if (equals !== -1) return [line]
    if (env === undefined) return [line]
    const value = env[name]
    return value === undefined ? [] : [`${name}=${value}`]
  })
}
