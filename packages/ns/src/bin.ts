/** Runs the command `ns` with this process's arguments and streams. */
import { nsCommand } from './command.ts'

// A terminal sends these to the command too; this process stays to tell how it ended.
process.on('SIGINT', () => {})
process.on('SIGQUIT', () => {})

// No top-level await: the bundle is CommonJS, which starts quicker.
void nsCommand(process.argv.slice(2), {
  write: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  env: Object.entries(process.env).map(([name, value]) => `${name}=${value ?? ''}`),
  cwd: process.cwd(),
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
}).then((exitCode) => {
  process.exitCode = exitCode
})
