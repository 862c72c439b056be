/** Runs a command whose changes are thrown away: `bin/node tutorials/13-overlay/solution.ts touch /etc/mine`. */
import { mkdirSync, rmSync } from 'node:fs'
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

const lower = join(import.meta.dirname, '../work/root')
// Where this container's changes go. The kernel needs `work` for itself, on the same file system as `upper`.
const box = join(import.meta.dirname, `../work/box-${process.pid}`)
const [upper, work, root] = [`${box}/upper`, `${box}/work`, `${box}/root`]
for (const directory of [upper, work, root]) mkdirSync(directory, { recursive: true })
const command = process.argv.slice(2)
const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin']

process.exitCode = await newProcess({
  flags: CLONE_NEWUTS | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC,
  child: [
    call('sethostname', ['box', 3]),
    call('mount', [null, '/', null, MS_REC | MS_PRIVATE, null]),
    call('mount', ['overlay', root, 'overlay', 0, `lowerdir=${lower},upperdir=${upper},workdir=${work}`]),
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
rmSync(box, { recursive: true })
