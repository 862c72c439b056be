/** Runs a command with a host name of its own, as chapter 02 ended. To do: a root directory of its own, too. */
import { call, CLONE_NEWUTS, executeCalls, newProcess } from '@mini-docker/syscall'

const command = process.argv.slice(2)
const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin']

process.exitCode = await newProcess({
  flags: CLONE_NEWUTS,
  child: [call('sethostname', ['box', 3]), ...executeCalls(command, env)],
})
