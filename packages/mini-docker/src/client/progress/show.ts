/** A progress stream of the daemon, shown until it ends, fails or is interrupted. */
import { exitWith } from '../../cli/errors.ts'
import type { Terminal } from '../../cli/terminal.ts'
import type { RequestEvent } from '../../faces/trace-request.ts'
import { jsonLines } from '../json-stream.ts'
import { openDisplay } from './display.ts'
import { failureOf, type ProgressMessage } from './message.ts'

const INTERRUPTED = 130

export type ShowOptions = {
  /** The output: stdout by default. */
  on?: 1 | 2
  /** Shows nothing; only a failure counts. */
  quiet?: boolean
  /** Hears of each HTTP request. Nothing is redrawn then, since lines come between. */
  onRequest?: ((event: RequestEvent) => void) | undefined
}

/**
 * Reads `body` to its end. Throws the failure that the daemon reports in it, with exit status 1, and ends with 130 on
 * SIGINT: the daemon sees the connection close.
 */
export async function showProgress(
  body: AsyncIterable<Buffer>,
  terminal: Terminal,
  options: ShowOptions = {},
): Promise<void> {
  const { promise: interrupted, reject } = Promise.withResolvers<never>()
  const stop = terminal.on('SIGINT', () => reject(exitWith(INTERRUPTED)))
  try {
    await Promise.race([readAll(body, terminal, options), interrupted])
  } finally {
    stop()
  }
}

async function readAll(
  body: AsyncIterable<Buffer>,
  terminal: Terminal,
  { on = 1, quiet = false, onRequest }: ShowOptions,
): Promise<void> {
  using display = openDisplay(terminal, on, { quiet, inPlace: onRequest === undefined })
  for await (const message of jsonLines<ProgressMessage>(body)) {
    const failure = failureOf(message)
    if (failure !== undefined) throw failure
    if (message.trace !== undefined) onRequest?.(message.trace)
    else if (message.aux === undefined) display.show(message)
  }
}
