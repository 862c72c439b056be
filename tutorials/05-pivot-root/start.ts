/** Runs a command as chapter 04 ended. To do: a root that nobody walks out of. */
import { join } from 'node:path'
import {
  call,
  CLONE_NEWNS,
  CLONE_NEWUTS,
  executeCalls,
  MS_NODEV,
  MS_NOSUID,
  MS_PRIVATE,
  MS_REC,
  newProcess,
} from '@mini-docker/syscall'

const root = join(import.meta.dirname, '../work/root')
const command = process.argv.slice(2)
const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin']

process.exitCode = await newProcess({
  flags: CLONE_NEWUTS | CLONE_NEWNS,
  child: [
    call('sethostname', ['box', 3]),
    // Nothing that is mounted here reaches the machine, and nothing that is mounted there comes in.
    call('mount', [null, '/', null, MS_REC | MS_PRIVATE, null]),
    call('mount', ['tmpfs', `${root}/tmp`, 'tmpfs', MS_NOSUID | MS_NODEV, 'mode=1777']),
    call('chroot', [root]),
    call('chdir', ['/']),
    ...executeCalls(command, env),
  ],
})
