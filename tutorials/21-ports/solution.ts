/** Runs a command whose port 80 is port 8021 of the machine: `bin/node tutorials/21-ports/solution.ts busybox httpd -f`. */
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
const eth0 = { bridge: 'course0', hostName, name: 'eth0', mac, addresses: [address], gateways, hairpin: true }
const to = `fib daddr type local tcp dport 8021 dnat to ${net.formatAddress(address.address.bytes)}:80`
const rules = `add table ip course; delete table ip course; add table ip course
add chain ip course leave { type nat hook postrouting priority 100; }
add rule ip course leave ip saddr 10.18.0.0/16 oifname != course0 masquerade
add chain ip course publish_in { type nat hook prerouting priority -100; }
add rule ip course publish_in ${to}
add chain ip course publish_out { type nat hook output priority -100; }
add rule ip course publish_out ${to}
add rule ip course leave oifname course0 ip saddr 127.0.0.0/8 masquerade
add rule ip course leave oifname course0 ct status dnat ip saddr 10.18.0.0/16 masquerade`
const command = process.argv.slice(2)
const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin']
const shell = (script: string) => execFileSync('sh', ['-c', script], { stdio: 'ignore' })

shell('ip link add course0 type bridge; ip address replace 10.18.0.1/16 dev course0; ip link set course0 up')
shell(`cd /proc/sys/net/ipv4; echo 1 > ip_forward; echo 1 > conf/course0/route_localnet; echo '${rules}' | nft -f -`)
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
