/** Runs a command that reaches the world. To do: port 8021 of the machine leads to port 80 of the command. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import * as net from '@mini-docker/net'
import { planLoopback, planPropagation, planRootBind } from '@mini-docker/ns'
import {
  call,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  executeCalls,
  MNT_DETACH,
  newProcess,
  ref,
} from '@mini-docker/syscall'

const root = join(import.meta.dirname, '../work/root')
const hostName = `course${process.pid}`
const address = net.parseCidr(`10.18.${1 + ((process.pid >> 8) % 254)}.${process.pid & 255}/16`)
const mac = net.macOf(address.address)
const gateways = [{ version: 4 as const, address: '10.18.0.1' }]
const eth0 = { bridge: 'course0', hostName, name: 'eth0', mac, addresses: [address], gateways, hairpin: false }
const rules = `add table ip course; delete table ip course; add table ip course
add chain ip course leave { type nat hook postrouting priority 100; }
add rule ip course leave ip saddr 10.18.0.0/16 oifname != course0 masquerade`
const command = process.argv.slice(2)
const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin']
const shell = (script: string) => execFileSync('sh', ['-c', script], { stdio: 'ignore' })

shell('ip link add course0 type bridge; ip address replace 10.18.0.1/16 dev course0; ip link set course0 up')
shell(`echo 1 > /proc/sys/net/ipv4/ip_forward; echo '${rules}' | nft -f -`)
process.exitCode = await newProcess({
  flags: CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET,
  before: net.planHostSocket().calls,
  parent: net.planVeth(eth0, ref('child')).calls,
  child: [
    ...planLoopback().calls,
    ...net.planAddress(eth0).calls,
    ...planPropagation().calls,
    ...planRootBind(root).calls,
    call('mount', ['proc', `${root}/proc`, 'proc', 0, null]),
    call('chdir', [root]),
    call('pivot_root', ['.', '.']),
    call('umount2', ['.', MNT_DETACH]),
    call('chdir', ['/']),
    ...executeCalls(command, env),
  ],
})
shell(
  `ip link delete ${hostName}; ip -o link show master course0 | grep -q . || { ip link delete course0; nft delete table ip course; }`,
)
