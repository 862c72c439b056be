/** Runs a command. To do: a UTS namespace of its own, and the name `box` in it. */
import { executeCalls, newProcess } from '@mini-docker/syscall'

const command = process.argv.slice(2)
const env = Object.entries(process.env).map(([name, value]) => `${name}=${value}`)

process.exitCode = await newProcess({
  child: [...executeCalls(command, env)],
})
