/** Runs a command in a control group and a PID namespace (the root is left out here). To do: the next run must take away what a run that was killed has left. */
import { existsSync, rmdirSync } from 'node:fs'
import {
  AT_FDCWD,
  call,
  CLONE_NEWNS,
  CLONE_NEWPID,
  executeCalls,
  MS_PRIVATE,
  MS_REC,
  newProcess,
  writeFileCalls,
} from '@mini-docker/syscall'

const tree = existsSync('/sys/fs/cgroup/cgroup.controllers') ? '/sys/fs/cgroup' : '/sys/fs/cgroup/pids'
const group = `${tree}/course-${process.pid}`
const command = process.argv.slice(2)
const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin']

process.exitCode = await newProcess({
  flags: CLONE_NEWNS | CLONE_NEWPID,
  before: [call('mkdirat', [AT_FDCWD, group, 0o755])],
  child: [
    ...writeFileCalls(`${group}/cgroup.procs`, '0'),
    call('mount', [null, '/', null, MS_REC | MS_PRIVATE, null]),
    call('mount', ['proc', '/proc', 'proc', 0, null]),
    ...executeCalls(command, env),
  ],
})
rmdirSync(group)
