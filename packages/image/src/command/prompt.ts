/** Questions to a person at a terminal. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import type { Io } from './session.ts'

export async function ask({ stdin, stderr }: Io, question: string): Promise<string> {
  const lines = createInterface({ input: stdin, output: stderr })
  try {
    return (await lines.question(question)).trim()
  } finally {
    lines.close()
  }
}

/** The answer is not shown: the terminal is in raw mode, and what readline would echo goes nowhere. */
export async function askSecretly({ stdin, stderr }: Io, question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true })
  stderr.write(question)
  try {
    return await lines.question('')
  } finally {
    lines.close()
    stderr.write('\n')
  }
}
