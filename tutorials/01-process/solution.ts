/** Runs a command as a new process and ends as it ends: `bin/node tutorials/01-process/solution.ts echo hello`. */
import { executeCalls, newProcess } from '@mini-docker/syscall'

const command = process.argv.slice(2)
const env = Object.entries(process.env).map(([name, value]) => `${name}=${value}`)

process.exitCode = await newProcess({ child: executeCalls(command, env) })
