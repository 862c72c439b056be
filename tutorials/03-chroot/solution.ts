/** Runs a command with a host name and a root directory of its own: `bin/node tutorials/03-chroot/solution.ts ls /`. */
import { join } from 'node:path'
import { call, CLONE_NEWUTS, executeCalls, newProcess } from '@mini-docker/syscall'

const root = join(import.meta.dirname, '../work/root')
const command = process.argv.slice(2)
const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin']

process.exitCode = await newProcess({
  flags: CLONE_NEWUTS,
  child: [call('sethostname', ['box', 3]), call('chroot', [root]), call('chdir', ['/']), ...executeCalls(command, env)],
})
