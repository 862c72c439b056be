/** Any error, as one message for stderr and an exit status. */
import { printableText } from '../format/printable.ts'
import { CliError } from './errors.ts'

/** What to print and how to exit. A daemon's refusal gets docker's prefix; a broken pipe ends quietly, as SIGPIPE would. */
export function describeFailure(
  error: unknown,
  env: Record<string, string | undefined>,
): { message: string; exitCode: number } {
  if (error instanceof CliError) return { message: error.message, exitCode: error.exitCode }
  if (!(error instanceof Error)) return { message: String(error), exitCode: 1 }
  if (error.name === 'OutputClosed') return { message: '', exitCode: 141 }
  const stack = env['MINI_DOCKER_DEBUG'] === '1' && error.stack !== undefined ? `\n${error.stack}` : ''
  return { message: daemonMessage(error) + stack, exitCode: 1 }
}

/** `Error response from daemon: …` for what the daemon said, the plain message for everything else. */
export function daemonMessage(error: Error): string {
  const lead = error.name === 'ApiError' ? 'Error response from daemon: ' : ''
  const hint = 'hint' in error && typeof error.hint === 'string' ? `\nhint: ${error.hint}` : ''
  return printableText(`${lead}${error.message}${hint}`)
}
