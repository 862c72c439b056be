/** Chapter 04: the process has a mount table of its own, and no mount in it shares its changes with the machine's. */
import { readFileSync, readlinkSync } from 'node:fs'
import { finding, type Check } from '@mini-docker/verify'

export const check: Check = {
  chapter: '04',
  miniDocker: 'run --rm demo',
  look({ pid }) {
    const [theirs, ours] = [readlinkSync(`/proc/${pid}/ns/mnt`), readlinkSync('/proc/self/ns/mnt')]
    const [inside, outside] = [peerGroups(String(pid)), peerGroups('self')]
    const common = inside.filter((group) => outside.includes(group))
    return [
      finding('04.namespace', theirs !== ours, {
        says: {
          en: 'the process has a mount namespace of its own',
          ja: 'プロセスは自分のマウント名前空間を持っています',
        },
        saw: `/proc/${pid}/ns/mnt → ${theirs}; the machine: ${ours}`,
        hint: { en: 'give clone3 the flag CLONE_NEWNS', ja: 'clone3 に CLONE_NEWNS フラグを渡してください' },
      }),
      finding('04.propagation', theirs !== ours && common.length === 0, {
        says: {
          en: 'no mount of it is in a peer group with a mount of the machine',
          ja: 'マシンのマウントと同じピアグループに入っているマウントはありません',
        },
        saw: `/proc/${pid}/mountinfo: ${theirs === ours ? 'the machine’s own' : seen(common)}`,
        hint: {
          en: 'make all mounts private first: mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)',
          ja: '最初にすべてのマウントを private にしてください: mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)',
        },
      }),
    ]
  },
}

function seen(common: readonly string[]): string {
  return common.length === 0 ? 'no group of the machine' : common.map((group) => `shared:${group}`).join(', ')
}

/** The numbers behind `shared:`, see proc_pid_mountinfo(5). */
function peerGroups(pid: string): string[] {
  const text = readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
  return [...text.matchAll(/ shared:(\d+) /g)].map(([, group = '']) => group)
}
