/** Runs the command `unionfs` with this process's arguments and streams. */
import { unionfsCommand } from './command.ts'

// No top-level await: the bundle is CommonJS, which starts quicker.
void unionfsCommand(process.argv.slice(2), {
  write: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  cwd: process.cwd(),
}).then((exitCode) => {
  process.exitCode = exitCode
})
