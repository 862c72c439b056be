/** A progress stream, shown as docker's client shows it: redrawn in place on a terminal, a line per status elsewhere. */
import { exitWith } from '../../cli/errors.ts'
import type { Terminal } from '../../cli/terminal.ts'
import type { RequestEvent } from '../../faces/trace-request.ts'
import { jsonLines } from '../json-stream.ts'
import { ProgressBlock } from './block.ts'
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

type Display = Disposable & { show: (message: ProgressMessage) => void }

function openDisplay(terminal: Terminal, on: 1 | 2, { quiet, inPlace }: { quiet: boolean; inPlace: boolean }): Display {
  const write = on === 1 ? terminal.out : terminal.err
  if (quiet) return { show() {}, [Symbol.dispose]() {} }
  if (!inPlace || !terminal.isTty(on) || terminal.env['TERM'] === 'dumb') {
    return { show: (message) => write(plainLine(message)), [Symbol.dispose]() {} }
  }
  const block = new ProgressBlock(write, () => sizeOf(terminal, on))
  return {
    show(message) {
      const { id = '' } = message
      if (id !== '' && isProgress(message)) return block.update(id, message)
      block.end()
      return write(textOf(message))
    },
    [Symbol.dispose]: () => block.end(),
  }
}

/** A terminal that does not know its size (a serial line) is taken for a small one. */
function sizeOf(terminal: Terminal, on: 1 | 2): { rows: number; columns: number } {
  const size = terminal.size(on)
  return { rows: size?.rows || 24, columns: size?.columns || 80 }
}

function isProgress({ progressDetail, progress }: ProgressMessage): boolean {
  return progressDetail !== undefined || (progress !== undefined && progress !== '')
}

/** Where nothing can be redrawn, what only counts further is left out. */
function plainLine(message: ProgressMessage): string {
  const { progress = '', progressDetail: { current = 0, total = 0 } = {} } = message
  return current > 0 || total > 0 || progress !== '' ? '' : textOf(message)
}

function textOf({ stream = '', id = '', status = '' }: ProgressMessage): string {
  const head = id === '' ? '' : `${id}: `
  return stream === '' ? `${head}${status}\n` : `${head}${stream}`
}
