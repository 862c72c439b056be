/** execvp(3) as data. */
import { call, type Call } from './call.ts'

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * The calls that replace a process by `args`. A name without a slash is looked for along the PATH of `env`, by the process
 * itself and as its user: one execve(2) after the other, until one does not fail. Only the last may end the program.
 */
export function executeCalls(args: readonly string[], env: readonly string[]): Call[] {
  const [command = ''] = args
  const candidates = command.includes('/') ? [command] : searchPath(env).map((directory) => `${directory}/${command}`)
  return candidates.map((path, i) =>
    call(
      'execve',
      [path, { strings: [...args] }, { strings: [...env] }],
      i === candidates.length - 1 ? {} : { allow: ['ENOENT', 'EACCES', 'ENOTDIR'] },
    ),
  )
}

function searchPath(env: readonly string[]): string[] {
  const path = env.findLast((entry) => entry.startsWith('PATH='))?.slice('PATH='.length) ?? DEFAULT_PATH
  return path.split(':').map((directory) => (directory === '' ? '.' : directory))
}
