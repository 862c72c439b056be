/** Runs a command as chapter 06 ended. To do: a first process that knows its duties, and the command as its child. */
import { join } from 'node:path'
import {
  call,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUTS,
  executeCalls,
  MNT_DETACH,
  MS_BIND,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_PRIVATE,
  MS_REC,
  newProcess,
} from '@mini-docker/syscall'

const root = join(import.meta.dirname, '../work/root')
const command = process.argv.slice(2)
const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin']

process.exitCode = await newProcess({
  flags: CLONE_NEWUTS | CLONE_NEWNS | CLONE_NEWPID,
  child: [
    call('sethostname', ['box', 3]),
    // Nothing that is mounted here reaches the machine, and nothing that is mounted there comes in.
    call('mount', [null, '/', null, MS_REC | MS_PRIVATE, null]),
    // The new root must be a mount point, so it is mounted on itself.
    call('mount', [root, root, null, MS_BIND | MS_REC, null]),
    call('mount', ['tmpfs', `${root}/tmp`, 'tmpfs', MS_NOSUID | MS_NODEV, 'mode=1777']),
    call('mount', ['proc', `${root}/proc`, 'proc', MS_NOSUID | MS_NODEV | MS_NOEXEC, null]),
    call('chdir', [root]),
    // The old root is stacked on the new one, then taken away, with everything below it.
    call('pivot_root', ['.', '.']),
    call('umount2', ['.', MNT_DETACH]),
    call('chdir', ['/']),
    ...executeCalls(command, env),
  ],
})
