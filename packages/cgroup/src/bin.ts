/** Runs the command `cgroup` with this process's arguments, streams and signals. */
import { cgroupCommand } from './command.ts'

const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
// A terminal sends SIGINT to the command too; this process stays to take the group away.
process.on('SIGINT', () => {})

// No top-level await: the bundle is CommonJS, which starts quicker.
void cgroupCommand(process.argv.slice(2), {
  write: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  env: Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  ),
  cwd: process.cwd(),
  signal: stop.signal,
}).then((exitCode) => {
  process.exitCode = exitCode
})
