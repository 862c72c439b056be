/** Runs a command as a root with little power: `bin/node tutorials/25-capabilities/solution.ts grep Cap /proc/self/status`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  AT_FDCWD,
  call,
  CLONE_NEWIPC,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUTS,
  executeCalls,
  LINUX_CAPABILITY_VERSION_3,
  MNT_DETACH,
  MS_BIND,
  MS_PRIVATE,
  MS_REC,
  newProcess,
  O_CLOEXEC,
  O_CREAT,
  PR_CAPBSET_DROP,
  struct,
} from '@mini-docker/syscall'

const root = join(import.meta.dirname, '../work/root')
const command = process.argv.slice(2)
const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin']

// The 14 of docker, by their numbers: chown, kill, setuid … All are below 32, so the low half of each set holds them.
const kept = [0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31]
const set = kept.reduce((sum, number) => sum + 2 ** number, 0)
const last = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'))
const dropped = Array.from({ length: last + 1 }, (_, number) => number).filter((number) => !kept.includes(number))

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
    ...dropped.map((number) => call('prctl', [PR_CAPBSET_DROP, number, 0, 0, 0])),
    call('capset', [
      struct('cap_header', { version: LINUX_CAPABILITY_VERSION_3, pid: 0 }),
      struct('cap_data', { effective: set, permitted: set, inheritable: 0 }),
    ]),
    ...executeCalls(command, env),
  ],
})
