/** Runs a command in the container whose first process is PID: `bin/node tutorials/22-exec/solution.ts PID hostname`. */
import { existsSync, readFileSync } from 'node:fs'
import {
  call,
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUTS,
  executeCalls,
  newProcess,
  ref,
  writeFileCalls,
} from '@mini-docker/syscall'

const [pid, ...command] = process.argv.slice(2)
const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin']
const isV2 = existsSync('/sys/fs/cgroup/cgroup.controllers')
const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
// `0::/course-4711` on cgroup v2, `3:pids:/course-4711` on v1.
const group = (isV2 ? /^0::(.*)$/m : /^\d+:pids:(.*)$/m).exec(groups)?.[1]

process.exitCode = await newProcess({
  before: [
    call('pidfd_open', [Number(pid), 0], { as: 'container' }),
    // Only children are born into it; the one who calls stays where he is.
    call('setns', [ref('container'), CLONE_NEWPID]),
  ],
  child: [
    // While the machine's files are there.
    ...writeFileCalls(`/sys/fs/cgroup${isV2 ? '' : '/pids'}${group}/cgroup.procs`, '0'),
    call('setns', [ref('container'), CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP]),
    ...executeCalls(command, env),
  ],
})
