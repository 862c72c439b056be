/** Runs a command as chapter 03 ended. To do: mounts of its own, of which the machine sees nothing. */
import { join } from 'node:path'
import { call, CLONE_NEWUTS, executeCalls, newProcess } from '@mini-docker/syscall'

const root = join(import.meta.dirname, '../work/root')
const command = process.argv.slice(2)
const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin']

process.exitCode = await newProcess({
  flags: CLONE_NEWUTS,
  child: [call('sethostname', ['box', 3]), call('chroot', [root]), call('chdir', ['/']), ...executeCalls(command, env)],
})
