/** Runs a command with a cable to a bridge: `bin/node tutorials/19-veth-bridge/solution.ts busybox ip address`. */
import { execFileSync } from 'node:child_process'
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
  ref,
} from '@mini-docker/syscall'

const root = join(import.meta.dirname, '../work/root')
// No two processes have one number at one time: so the cable's name and the address are made of it.
const cable = `course${process.pid}`
const gateway = net.parseCidr('10.18.0.1/16')
const peer = { name: 'eth0', namespace: { pid: ref('child') } }
const address = net.parseCidr(`10.18.${1 + ((process.pid >> 8) % 254)}.${process.pid & 255}/16`)
const command = process.argv.slice(2)
const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin']

process.exitCode = await newProcess({
  flags: CLONE_NEWUTS | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET,
  before: [
    net.openSocketCall('host'),
    ...net.requestCalls('host', net.newLink({ name: 'course0', kind: 'bridge', up: true }, 'adopt')),
    ...net.askIndexCalls('host', net.getLink('course0'), 'bridge'),
    ...net.requestCalls('host', net.newAddress({ index: ref('bridge'), address: gateway }), ['EEXIST']),
  ],
  parent: net.requestCalls('host', net.newLink({ name: cable, kind: 'veth', up: true, master: ref('bridge'), peer })),
  child: [
    net.openSocketCall('inside'),
    ...net.requestCalls('inside', net.setLink('lo', { up: true })),
    ...net.askIndexCalls('inside', net.getLink('eth0'), 'eth0'),
    ...net.requestCalls('inside', net.newAddress({ index: ref('eth0'), address })),
    ...net.requestCalls('inside', net.setLink(ref('eth0'), { up: true })),
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
// The cable goes, and the bridge with the last one.
const end = `ip link delete ${cable}; ip -o link show master course0 | grep -q . || ip link delete course0`
execFileSync('sh', ['-c', end], { stdio: 'ignore' })
