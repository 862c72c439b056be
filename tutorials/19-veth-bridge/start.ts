/** Runs a command on an empty network. To do: a cable to a bridge, and an address. */
import { join } from 'node:path'
import * as net from '@mini-docker/net'
import {
  call,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUTS,
  executeCalls,
  MNT_DETACH,
  MS_BIND,
  MS_PRIVATE,
  MS_REC,
  newProcess,
} from '@mini-docker/syscall'

const root = join(import.meta.dirname, '../work/root')
const command = process.argv.slice(2)
const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin']

process.exitCode = await newProcess({
  flags: CLONE_NEWUTS | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET,
  child: [
    net.openSocketCall('inside'),
    ...net.requestCalls('inside', net.setLink('lo', { up: true })),
    call('sethostname', ['box', 3]),
    call('mount', [null, '/', null, MS_REC | MS_PRIVATE, null]),
    call('mount', [root, root, null, MS_BIND | MS_REC, null]),
    call('mount', ['proc', `${root}/proc`, 'proc', 0, null]),
    call('chdir', [root]),
    call('pivot_root', ['.', '.']),
    call('umount2', ['.', MNT_DETACH]),
    call('chdir', ['/']),
    ...executeCalls(command, env),
  ],
})
