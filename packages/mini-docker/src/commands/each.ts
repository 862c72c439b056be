/** Commands that do one thing to each of several containers: what worked is printed, what failed goes to stderr, the status is then 1. */
import { exitWith } from '../cli/errors.ts'
import { daemonMessage } from '../cli/failure.ts'
import type { Terminal } from '../cli/terminal.ts'

const AT_ONCE = 50

/**
 * Does `work` for each name, up to 50 at once, and reports in the order of the names, as docker does. `work` may give
 * a text to print instead of the name. Throws an exit status when something failed.
 */
export async function forEach(
  names: readonly string[],
  terminal: Terminal,
  work: (name: string) => Promise<string | void>,
): Promise<void> {
  let failed = false
  for (let start = 0; start < names.length; start += AT_ONCE) {
    const some = names.slice(start, start + AT_ONCE)
    const results = await Promise.allSettled(some.map((name) => work(name)))
    results.forEach((result, index) => {
      if (result.status === 'fulfilled') terminal.out(`${result.value ?? some[index]}\n`)
      else {
        failed = true
        terminal.err(`${daemonMessage(result.reason as Error)}\n`)
      }
    })
  }
  if (failed) throw exitWith(1)
}
