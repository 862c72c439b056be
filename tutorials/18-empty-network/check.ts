/** Chapter 18: the process is in a network namespace of its own, and its loopback interface is switched on. */
import { execFileSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { finding, type Check } from '@mini-docker/verify'

type Link = { ifname: string; flags: string[]; addr_info: { local: string }[] }

export const check: Check = {
  chapter: '18',
  miniDocker: 'run --rm --network none demo',
  look({ pid }) {
    const path = `/proc/${pid}/ns/net`
    const [theirs, ours] = [readlinkSync(path), readlinkSync('/proc/self/ns/net')]
    const lo = linksOf(path).find(({ ifname }) => ifname === 'lo')
    const isUp = lo?.flags.includes('UP') === true
    return [
      finding('18.namespace', theirs !== ours, {
        says: {
          en: 'the process has a network namespace of its own',
          ja: 'プロセスは自分のネットワーク名前空間を持っています',
        },
        saw: `${path} → ${theirs}; the machine: ${ours}`,
        hint: { en: 'give clone3 the flag CLONE_NEWNET', ja: 'clone3 に CLONE_NEWNET フラグを渡してください' },
      }),
      finding('18.loopback', theirs !== ours && isUp, {
        says: { en: 'in it, lo is switched on', ja: 'その中で、lo は有効になっています' },
        saw: `ip addr show lo: ${isUp ? 'UP' : 'DOWN'}${addressesOf(lo)}${theirs === ours ? ', but it is the machine’s' : ''}`,
        hint: {
          en: 'lo is born switched off: set its flag IFF_UP with ioctl SIOCSIFFLAGS, from the child',
          ja: 'lo は無効の状態で生まれます。子プロセスから ioctl の SIOCSIFFLAGS で IFF_UP フラグを立ててください',
        },
      }),
    ]
  },
}

function linksOf(namespace: string): Link[] {
  return JSON.parse(execFileSync('nsenter', [`--net=${namespace}`, 'ip', '-j', 'addr'], { encoding: 'utf8' })) as Link[]
}

function addressesOf(link: Link | undefined): string {
  return (link?.addr_info ?? []).map(({ local }) => ` ${local}`).join('')
}
