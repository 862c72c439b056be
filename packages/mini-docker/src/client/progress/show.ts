/** A progress stream, shown as docker's client shows it: redrawn in place on a terminal, a line per status elsewhere. */
import { exitWith } from '../../cli/errors.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { jsonLines } from '../json-stream.ts'
import { ProgressBlock } from './block.ts'
import { failureOf, type ProgressMessage } from './message.ts'

const INTERRUPTED = 130

/**
 * Reads `body` to its end. Throws the failure that the daemon reports in it, with exit status 1, and ends with 130 on
 * SIGINT: the daemon sees the connection close.
 */
export async function showProgress(body: AsyncIterable<Buffer>, terminal: Terminal, fd: 1 | 2 = 1): Promise<void> {
  await untilInterrupted(terminal, showAll(body, terminal, fd))
}

/** The same without showing anything: only a failure counts. */
export async function awaitProgress(body: AsyncIterable<Buffer>, terminal: Terminal): Promise<void> {
  const read = async () => {
    for await (const message of jsonLines<ProgressMessage>(body)) throwFailure(message)
  }
  await untilInterrupted(terminal, read())
}

async function showAll(body: AsyncIterable<Buffer>, terminal: Terminal, fd: 1 | 2): Promise<void> {
  const write = fd === 1 ? terminal.out : terminal.err
  if (!terminal.isTty(fd) || terminal.env['TERM'] === 'dumb') {
    for await (const message of jsonLines<ProgressMessage>(body)) {
      throwFailure(message)
      write(plainLine(message))
    }
    return
  }
  using block = new ProgressBlock(write, () => sizeOf(terminal, fd))
  for await (const message of jsonLines<ProgressMessage>(body)) {
    throwFailure(message)
    if (message.aux !== undefined) continue
    if (message.id !== undefined && message.id !== '' && isProgress(message)) {
      block.update(message.id, message)
    } else {
      block.end()
      write(textOf(message))
    }
  }
}

/** A terminal that does not know its size (a serial line) is taken for a small one. */
function sizeOf(terminal: Terminal, fd: 1 | 2): { rows: number; columns: number } {
  const size = terminal.size(fd)
  return { rows: size?.rows || 24, columns: size?.columns || 80 }
}

function isProgress({ progressDetail, progress }: ProgressMessage): boolean {
  return progressDetail !== undefined || (progress !== undefined && progress !== '')
}

/** Where nothing can be redrawn, what only counts further is left out. */
function plainLine(message: ProgressMessage): string {
  const { current = 0, total = 0 } = message.progressDetail ?? {}
  const counts = current > 0 || total > 0 || (message.progress !== undefined && message.progress !== '')
  return message.aux !== undefined || counts ? '' : textOf(message)
}

function textOf({ stream, id, status = '' }: ProgressMessage): string {
  const head = id === undefined || id === '' ? '' : `${id}: `
  return stream === undefined || stream === '' ? `${head}${status}\n` : `${head}${stream}`
}

function throwFailure(message: ProgressMessage): void {
  const failure = failureOf(message)
  if (failure !== undefined) throw failure
}

async function untilInterrupted(terminal: Terminal, work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = terminal.on('SIGINT', () => reject(exitWith(INTERRUPTED)))
  try {
    await Promise.race([work, promise])
  } finally {
    stop()
  }
}
