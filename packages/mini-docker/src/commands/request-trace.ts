/** `--trace` of pull, push and image copy: every HTTP request on stderr, as a line or as JSON. */
import { CliError, PROGRAM } from '../cli/errors.ts'
import type { Flag, Flags } from '../cli/flags.ts'
import type { Terminal } from '../cli/terminal.ts'
import { RequestFormatter, type RequestEvent } from '../faces/trace-request.ts'

export const TRACE: Flag = { name: 'trace', kind: 'bool', help: 'Print every HTTP request on stderr, without secrets' }
export const TRACE_JSON: Flag = { name: 'json', kind: 'bool', help: 'With --trace: as JSON, one request a line' }

/** Beside TRACE: what would be done. `--json` then is for both. */
export const EXPLAIN: readonly Flag[] = [
  { name: 'explain', kind: 'bool', help: 'Print what would be done, as a shell script with reasons; do nothing' },
  { name: 'lang', kind: 'string', help: 'Language of --explain: en or ja (default from the locale)' },
]

/** What hears of the requests; undefined without `--trace`. Throws when `--json` has nothing to say. */
export function requestTrace(flags: Flags, terminal: Terminal): ((event: RequestEvent) => void) | undefined {
  const json = flags.bool('json')
  if (!flags.bool('trace')) {
    if (json) throw new CliError(`${PROGRAM}: --json needs --trace`, 125)
    return undefined
  }
  const formatter = new RequestFormatter()
  return (event) => terminal.err(`${json ? JSON.stringify(event) : formatter.line(event)}\n`)
}
