/**
 * A runtime that works, and can be broken on purpose, so that checks can be tested: `bin/node tutorials/test/broken/runtime.ts FAULT COMMAND…`. Without a
 * fault (`none`) it is what a learner has after chapter 25. Never to be used for anything else.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  AF_INET,
  AT_FDCWD,
  call,
  CLONE_NEWIPC,
  CLONE_NEWNET,
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
  ref,
  SIOCSIFFLAGS,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  struct,
  writeFileCalls,
  type Call,
} from '@mini-docker/syscall'
import type { Fault } from './faults.ts'

const [fault = 'none', ...command] = process.argv.slice(2)
const isBroken = (name: Fault): boolean => fault === name

const lower = join(import.meta.dirname, '../../work/root')
const box = join(import.meta.dirname, `../../work/broken-${process.pid}`)
const [upper, work, root] = [`${box}/upper`, `${box}/work`, `${box}/root`]
for (const directory of [upper, work, root]) mkdirSync(directory, { recursive: true })

const name = `broken-${process.pid}`
const isV2 = existsSync('/sys/fs/cgroup/cgroup.controllers')
const groups = isV2 ? [`/sys/fs/cgroup/${name}`] : [`/sys/fs/cgroup/pids/${name}`, `/sys/fs/cgroup/memory/${name}`]
const [pids = '', memory = pids] = groups
/** A group beside the container's, in which nobody is. */
const wrong = `${memory}-wrong`
const made = isBroken('memory-of-nobody') ? [...groups, wrong] : groups

const flags: [number, Fault?][] = [
  [CLONE_NEWNS],
  [CLONE_NEWUTS, 'no-uts'],
  [CLONE_NEWPID, 'no-pid'],
  [CLONE_NEWIPC, 'host-ipc'],
  [CLONE_NEWNET, 'host-network'],
]

const exitCode = await newProcess({
  flags: flags.reduce((sum, [flag, missing]) => (missing === fault ? sum : sum | flag), 0),
  before: [...made.map((group) => call('mkdirat', [AT_FDCWD, group, 0o755])), ...limits()],
  child: [
    ...groups.flatMap((group) => writeFileCalls(`${group}/cgroup.procs`, '0')),
    ...(isBroken('no-uts') || isBroken('no-name') ? [] : [call('sethostname', ['box', 3])]),
    ...network(),
    ...files(),
    ...enter(),
    ...(isBroken('all-capabilities') ? [] : capabilities()),
    ...executeCalls(command, ['PATH=/usr/sbin:/usr/bin:/sbin:/bin']),
  ],
})
process.exitCode = isBroken('exit-code-lost') ? 0 : exitCode
if (!isBroken('group-left')) for (const group of made) rmdirSync(group)
// A mount that reached the machine is still on it.
if (!isBroken('shared-mounts')) rmSync(box, { recursive: true })

function limits(): Call[] {
  const limited = isBroken('memory-of-nobody') ? wrong : memory
  return [
    ...(isBroken('no-pids-limit') ? [] : writeFileCalls(`${pids}/pids.max`, '20')),
    ...writeFileCalls(`${limited}/${isV2 ? 'memory.max' : 'memory.limit_in_bytes'}`, String(64 * 1024 * 1024)),
  ]
}

function network(): Call[] {
  if (isBroken('host-network')) return []
  return [
    call('socket', [AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0], { as: 'socket' }),
    call('ioctl', [ref('socket'), SIOCSIFFLAGS, struct('ifreq', { name: 'lo', flags: 1 })]),
  ]
}

function files(): Call[] {
  return [
    ...(isBroken('shared-mounts') ? [] : [call('mount', [null, '/', null, MS_REC | MS_PRIVATE, null])]),
    isBroken('shared-root')
      ? call('mount', [lower, root, null, MS_BIND | MS_REC, null])
      : call('mount', ['overlay', root, 'overlay', 0, `lowerdir=${lower},upperdir=${upper},workdir=${work}`]),
    isBroken('host-proc')
      ? call('mount', ['/proc', `${root}/proc`, null, MS_BIND | MS_REC, null])
      : call('mount', ['proc', `${root}/proc`, 'proc', 0, null]),
    call('openat', [AT_FDCWD, `${root}/dev/null`, O_CREAT | O_CLOEXEC, 0o666]),
    call('mount', ['/dev/null', `${root}/dev/null`, null, MS_BIND, null]),
  ]
}

/** Into the new root; chroot where pivot_root should be, or cannot be. */
function enter(): Call[] {
  if (isBroken('chroot-without-chdir')) return [call('chroot', [root])]
  if (isBroken('chroot') || isBroken('shared-mounts')) return [call('chroot', [root]), call('chdir', ['/'])]
  if (isBroken('old-root-mounted'))
    return [
      call('mkdirat', [AT_FDCWD, `${root}/old`, 0o755]),
      call('pivot_root', [root, `${root}/old`]),
      call('chdir', ['/']),
    ]
  return [
    call('chdir', [root]),
    call('pivot_root', ['.', '.']),
    call('umount2', ['.', MNT_DETACH]),
    call('chdir', ['/']),
  ]
}

function capabilities(): Call[] {
  const kept = [0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31]
  const set = kept.reduce((sum, number) => sum + 2 ** number, 0)
  const last = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'))
  const numbers = Array.from({ length: last + 1 }, (_, number) => number).filter((number) => !kept.includes(number))
  return [
    ...numbers.map((number) => call('prctl', [PR_CAPBSET_DROP, number, 0, 0, 0])),
    call('capset', [
      struct('cap_header', { version: LINUX_CAPABILITY_VERSION_3, pid: 0 }),
      struct('cap_data', { effective: set, permitted: set, inheritable: 0 }),
    ]),
  ]
}
