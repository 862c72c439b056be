/**
 * Everything that a command may touch of its process: two outputs, one input, the environment. Given to commands as a
 * value, so that tests can record what a command prints.
 */
import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import type { Face } from '../client/face.ts'

/** The process as a command sees it. `out` and `err` write at once; `write` waits until the reader has taken the bytes. */
export type Terminal = {
  out: (text: string) => void
  err: (text: string) => void
  /** Writes bytes to stdout (1) or stderr (2) in order; resolves when they are out. Rejects with OutputClosed when nobody reads any more. */
  write: (fd: 1 | 2, bytes: Uint8Array) => Promise<void> | void
  stdin: () => NodeJS.ReadStream
  isTty: (fd: 0 | 1 | 2) => boolean
  /** Rows and columns of the terminal on stdout, or on the output that is asked for; undefined where there is none. */
  size: (fd?: 1 | 2) => { rows: number; columns: number } | undefined
  env: Record<string, string | undefined>
  /** Of the command that runs: `--explain` or `--trace`. */
  face?: Face
  /** Of the client itself; exit codes go through CliError. */
  on: (signal: NodeJS.Signals, listener: () => void) => () => void
}

/** Nobody reads our output any more (`… | head -1`). Ends the client quietly, with the status of a SIGPIPE. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed'
}

/** The real process. */
export function processTerminal(): Terminal {
  return {
    out: (text) => writeFully(1, Buffer.from(text)),
    err: (text) => writeFully(2, Buffer.from(text)),
    write: (fd, bytes) => writeOut(fd, bytes),
    stdin: () => process.stdin,
    // Loaded late: node:tty takes a millisecond with all that it loads.
    isTty: (fd) => process.getBuiltinModule('node:tty').isatty(fd),
    size(fd = 1) {
      const { isTTY, rows, columns } = fd === 1 ? process.stdout : process.stderr
      return isTTY ? { rows, columns } : undefined
    },
    env: process.env,
    on(signal, listener) {
      process.on(signal, listener)
      return () => process.off(signal, listener)
    },
  }
}

const RETRY_MS = 5

/** write(2) until all is written. Another process may have made the pipe non-blocking: then EAGAIN means wait. */
function writeFully(fd: 1 | 2, bytes: Uint8Array): void {
  let done = 0
  while (done < bytes.length) {
    try {
      done += writeSync(fd, bytes, done)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EPIPE') throw new OutputClosed()
      if (code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS)
    }
  }
}

type Kind = 'file' | 'pipe' | 'stream'
const kinds = new Map<number, Kind>()

function kindOf(fd: 1 | 2): Kind {
  const known = kinds.get(fd)
  if (known !== undefined) return known
  const stat = fstatSync(fd)
  const kind = stat.isFile() || stat.isCharacterDevice() ? 'file' : stat.isFIFO() ? 'pipe' : 'stream'
  kinds.set(fd, kind)
  return kind
}

/**
 * A file takes bytes at once. A pipe's reader may stall, and a client that blocks in write(2) hears no signal: what fits
 * into the pipe is written at once, and the rest in a thread that may wait.
 */
function writeOut(fd: 1 | 2, bytes: Uint8Array): Promise<void> | void {
  const kind = kindOf(fd)
  if (kind === 'file') return writeFully(fd, bytes)
  const done = kind === 'pipe' ? writeWhatFits(fd, bytes) : 0
  if (done < bytes.length) return writeInThread(fd, bytes, done)
}

const NO_FD = -1
const withoutWaiting = new Map<number, number>()

/** The same pipe opened once more, so that O_NONBLOCK is ours alone: with dup(2) everybody who writes to it would have it. */
function fdWithoutWaiting(fd: 1 | 2): number {
  let twin = withoutWaiting.get(fd)
  if (twin === undefined) {
    try {
      twin = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK)
    } catch {
      twin = NO_FD
    }
    withoutWaiting.set(fd, twin)
  }
  return twin
}

/** How many bytes the pipe took. A failure is left to the write that comes after. */
function writeWhatFits(fd: 1 | 2, bytes: Uint8Array): number {
  const twin = fdWithoutWaiting(fd)
  if (twin === NO_FD) return 0
  try {
    return writeSync(twin, bytes)
  } catch {
    return 0
  }
}

async function writeInThread(fd: 1 | 2, bytes: Uint8Array, start: number): Promise<void> {
  const { write } = await import('node:fs')
  let done = start
  while (done < bytes.length) {
    done += await new Promise<number>((resolve, reject) => {
      write(fd, bytes, done, (error, written) => {
        if (error?.code === 'EAGAIN') setTimeout(resolve, RETRY_MS, 0)
        else if (error !== null) reject(error.code === 'EPIPE' ? new OutputClosed() : error)
        else resolve(written)
      })
    })
  }
}
