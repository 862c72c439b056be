/** Runs a command as root that is nobody outside: `bin/node tutorials/09-user/solution.ts id -u`. */
import { join } from 'node:path'
import {
  call,
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUSER,
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
  PR_SET_DUMPABLE,
  writeFileCalls,
} from '@mini-docker/syscall'

const root = join(import.meta.dirname, '../work/root')
// Started by root, the program first becomes nobody; started by an ordinary user, it stays that user.
const isRoot = process.getuid?.() === 0
const [uid, gid] = isRoot ? [65534, 65534] : [process.getuid?.(), process.getgid?.()]
const becomeNobody = [
  call('setgroups', [0, null]),
  call('setresgid', [65534, 65534, 65534]),
  call('setresuid', [65534, 65534, 65534]),
  // After a change of user, /proc/self belongs to root until the process says that it hides nothing.
  call('prctl', [PR_SET_DUMPABLE, 1, 0, 0, 0]),
]
const command = process.argv.slice(2)
const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin']

process.exitCode = await newProcess({
  flags: CLONE_NEWUTS | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUSER,
  before: isRoot ? becomeNobody : [],
  child: [
    ...writeFileCalls('/proc/self/setgroups', 'deny'),
    ...writeFileCalls('/proc/self/uid_map', `0 ${uid} 1`),
    ...writeFileCalls('/proc/self/gid_map', `0 ${gid} 1`),
    call('sethostname', ['box', 3]),
    call('unshare', [CLONE_NEWCGROUP]),
    call('mount', [null, '/', null, MS_REC | MS_PRIVATE, null]),
    call('mount', [root, root, null, MS_BIND | MS_REC, null]),
    call('mount', ['tmpfs', `${root}/tmp`, 'tmpfs', MS_NOSUID | MS_NODEV, 'mode=1777']),
    call('mount', ['proc', `${root}/proc`, 'proc', MS_NOSUID | MS_NODEV | MS_NOEXEC, null]),
    call('chdir', [root]),
    call('pivot_root', ['.', '.']),
    call('umount2', ['.', MNT_DETACH]),
    call('chdir', ['/']),
    ...executeCalls(command, env),
  ],
})
