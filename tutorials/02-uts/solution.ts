/** Runs a command that has a host name of its own: `bin/node tutorials/02-uts/solution.ts hostname`. */
import { call, CLONE_NEWUTS, executeCalls, newProcess } from '@mini-docker/syscall'

const command = process.argv.slice(2)
const env = Object.entries(process.env).map(([name, value]) => `${name}=${value}`)

process.exitCode = await newProcess({
  flags: CLONE_NEWUTS,
  child: [call('sethostname', ['box', 3]), ...executeCalls(command, env)],
})
