/** A file or stdin as a request's body. */
import type { Terminal } from '../cli/terminal.ts'
import { openError } from '../create/files.ts'

/** Reads in pieces of 64 kB. Throws `open …: no such file or directory` before anything is sent. */
export async function fileBody(path: string): Promise<AsyncIterable<Uint8Array>> {
  const { open } = await import('node:fs/promises')
  try {
    const file = await open(path)
    if ((await file.stat()).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' })
    return file.createReadStream()
  } catch (error) {
    throw openError(path, error)
  }
}

/** What comes in on stdin. */
export function stdinBody(terminal: Terminal): AsyncIterable<Uint8Array> {
  return terminal.stdin()
}
