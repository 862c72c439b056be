/** A daemon in a process of its own, so that a test can kill it: `node serve.ts DIR [STEP]`. Prints a line when it listens; the first start is killed before STEP, and the daemon with it. */
import * as path from 'node:path'
import { startDaemon } from '../../src/daemon.ts'

const [dir = '', killBefore] = process.argv.slice(2)
const daemon = await startDaemon({
  root: path.join(dir, 'root'),
  runRoot: path.join(dir, 'run'),
  socketPath: path.join(dir, 'docker.sock'),
  version: '0.1.0',
  ...(killBefore === undefined ? {} : { killBefore }),
  log: (line) => process.stderr.write(`${line}\n`),
})
process.on('SIGTERM', () => void daemon[Symbol.asyncDispose]())
process.stdout.write('listening\n')
await daemon.closed
