/** Runs a command that may use 64 MB of memory: `bin/node tutorials/11-memory/solution.ts cat /proc/self/cgroup`. */
import { existsSync, rmdirSync } from 'node:fs'
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
  writeFileCalls,
} from '@mini-docker/syscall'

const root = join(import.meta.dirname, '../work/root')
const name = `course-${process.pid}`
const isV2 = existsSync('/sys/fs/cgroup/cgroup.controllers')
const groups = isV2 ? [`/sys/fs/cgroup/${name}`] : [`/sys/fs/cgroup/pids/${name}`, `/sys/fs/cgroup/memory/${name}`]
const [pids = '', memory = pids] = groups
const limits = [
  ...writeFileCalls(`${pids}/pids.max`, '20'),
  ...writeFileCalls(`${memory}/${isV2 ? 'memory.max' : 'memory.limit_in_bytes'}`, String(64 * 1024 * 1024)),
]
const command = process.argv.slice(2)
const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin']

process.exitCode = await newProcess({
  flags: CLONE_NEWUTS | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC,
  before: [...groups.map((group) => call('mkdirat', [AT_FDCWD, group, 0o755])), ...limits],
  child: [
    // 0 means: the one who writes.
    ...groups.flatMap((group) => writeFileCalls(`${group}/cgroup.procs`, '0')),
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
for (const group of groups) rmdirSync(group)
