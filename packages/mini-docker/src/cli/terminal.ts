/**
 * Everything that a command may touch of its process: two outputs, one input, the environment. Given to commands as a
 * value, so that tests can record what a command prints.
 */
import { fstatSync, writeSync } from 'node:fs'

/** The process as a command sees it. `out` and `err` write at once; `write` waits until the reader has taken the bytes. */
export type Terminal = {
  out: (text: string) => void
  err: (text: string) => void
  /** Writes bytes to stdout (1) or stderr (2) in order; resolves when they are out. Rejects with OutputClosed when nobody reads any more. */
  write: (fd: 1 | 2, bytes: Uint8Array) => Promise<void> | void
  stdin: () => NodeJS.ReadStream
  isTty: (fd: 0 | 1 | 2) => boolean
  /** Rows and columns of the terminal on stdout, or undefined where there is none. */
  size: () => { rows: number; columns: number } | undefined
  env: Record<string, string | undefined>
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
    size: () => (process.stdout.isTTY ? { rows: process.stdout.rows, columns: process.stdout.columns } : undefined),
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

const kinds = new Map<number, 'file' | 'stream'>()

/**
 * A file takes bytes at once. A pipe's reader may stall, and a client that blocks in write(2) hears no signal, so there
 * small pieces are written at once only while they fit, and the rest waits in a stream.
 */
function writeOut(fd: 1 | 2, bytes: Uint8Array): Promise<void> | void {
  if (!kinds.has(fd)) {
    const stat = fstatSync(fd)
    kinds.set(fd, stat.isFile() || stat.isCharacterDevice() ? 'file' : 'stream')
  }
  if (kinds.get(fd) === 'file') return writeFully(fd, bytes)
  return writeToPipe(fd, bytes)
}

async function writeToPipe(fd: 1 | 2, bytes: Uint8Array): Promise<void> {
  const { write } = await import('node:fs')
  let done = 0
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
