/** The way out of chapter 03, tried in the root of this chapter: `bin/node tutorials/05-pivot-root/escape.ts ls /`. */
import { join } from 'node:path'
import {
  AT_FDCWD,
  call,
  CLONE_NEWNS,
  CLONE_NEWUTS,
  executeCalls,
  MNT_DETACH,
  MS_BIND,
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
    call('mount', [null, '/', null, MS_REC | MS_PRIVATE, null]),
    call('mount', [root, root, null, MS_BIND | MS_REC, null]),
    call('mount', ['tmpfs', `${root}/tmp`, 'tmpfs', MS_NOSUID | MS_NODEV, 'mode=1777']),
    call('chdir', [root]),
    call('pivot_root', ['.', '.']),
    call('umount2', ['.', MNT_DETACH]),
    call('chdir', ['/']),
    // Up to here the solution; from here on the way out.
    call('mkdirat', [AT_FDCWD, 'tmp/door', 0o700], { allow: ['EEXIST'] }),
    call('chroot', ['tmp/door']),
    call('chdir', ['../'.repeat(20)]),
    call('chroot', ['.']),
    ...executeCalls(command, env),
  ],
})
