/** Runs a command as chapter 07 ended. To do: message queues and a tree of control groups of its own. */
import { join } from 'node:path'
import {
  AT_FDCWD,
  call,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUTS,
  executeCalls,
  launcherFile,
  MNT_DETACH,
  MS_BIND,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_PRIVATE,
  MS_REC,
  newProcess,
  O_CLOEXEC,
  O_CREAT,
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
    // A file to mount the init on, in the container's own /tmp.
    call('openat', [AT_FDCWD, `${root}/tmp/init`, O_CREAT | O_CLOEXEC, 0o700]),
    call('mount', [launcherFile(), `${root}/tmp/init`, null, MS_BIND, null]),
    call('chdir', [root]),
    // The old root is stacked on the new one, then taken away, with everything below it.
    call('pivot_root', ['.', '.']),
    call('umount2', ['.', MNT_DETACH]),
    call('chdir', ['/']),
    ...executeCalls(['/tmp/init', '--', ...command], env),
  ],
})
