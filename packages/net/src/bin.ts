/** Runs the command `net` with this process's arguments and streams. */
import { netCommand } from './command.ts'

// A terminal sends these to the command too; this process stays to tell how it ended.
process.on('SIGINT', () => {})
process.on('SIGQUIT', () => {})

// No top-level await: the bundle is CommonJS, which starts quicker.
void netCommand(process.argv.slice(2), {
  write: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  env: Object.entries(process.env).map(([name, value]) => `${name}=${value ?? ''}`),
  cwd: process.cwd(),
}).then((exitCode) => {
  process.exitCode = exitCode
})
