/** A client to knock with, as somebody in the network namespace that this thread is in. */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

/**
 * What a TCP server sends before anything is asked; empty when nobody answers in 1.5 s. A program of its own connects, from the network namespace of the
 * caller at this moment: the one that checks may have to serve meanwhile.
 */
export function connectTo(host: string, port: number): Promise<string> {
  const code = `const s = require('net').connect({ host: '${host}', port: ${port} })
    s.setTimeout(1500, () => process.exit()).on('error', () => {}).on('data', (d) => process.stdout.write(d))`
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'ignore'] })
  return text(child.stdout)
}
