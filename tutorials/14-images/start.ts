/** Runs a command in a root directory, as chapter 10 began. To do: variables, directory and command are those of the image in IMAGE. */
import { join } from 'node:path'
import {
  AT_FDCWD,
  call,
  CLONE_NEWIPC,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUTS,
  executeCalls,
  MNT_DETACH,
  MS_BIND,
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
  flags: CLONE_NEWUTS | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC,
  child: [
    call('sethostname', ['box', 3]),
    call('mount', [null, '/', null, MS_REC | MS_PRIVATE, null]),
    call('mount', [root, root, null, MS_BIND | MS_REC, null]),
    call('mount', ['proc', `${root}/proc`, 'proc', 0, null]),
    // A shell wants /dev/null for what it starts in the background.
    call('openat', [AT_FDCWD, `${root}/dev/null`, O_CREAT | O_CLOEXEC, 0o666]),
    call('mount', ['/dev/null', `${root}/dev/null`, null, MS_BIND, null]),
    call('chdir', [root]),
    call('pivot_root', ['.', '.']),
    call('umount2', ['.', MNT_DETACH]),
    call('chdir', ['/']),
    ...executeCalls(command, env),
  ],
})
