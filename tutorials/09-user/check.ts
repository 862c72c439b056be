/** Chapter 09: root in the container is an ordinary user of the machine. */
import { readFileSync, readlinkSync } from 'node:fs'
import { finding, type Check } from '@mini-docker/verify'

export const check: Check = {
  chapter: '09',
  miniDocker: 'run --rm demo',
  async look({ pid, run }) {
    const [theirs, ours] = [readlinkSync(`/proc/${pid}/ns/user`), readlinkSync('/proc/self/ns/user')]
    const map = readFileSync(`/proc/${pid}/uid_map`, 'utf8').trim().split(/\s+/)
    const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    const { output } = await run('id', '-u')
    return [
      finding('09.namespace', theirs !== ours, {
        says: {
          en: 'the process has a user namespace of its own',
          ja: 'プロセスは自分のユーザー名前空間を持っています',
        },
        saw: `/proc/${pid}/ns/user → ${theirs}; the machine: ${ours}`,
        hint: { en: 'give clone3 the flag CLONE_NEWUSER', ja: 'clone3 に CLONE_NEWUSER フラグを渡してください' },
      }),
      finding('09.outside', uid !== '0', {
        says: { en: 'outside, it is an ordinary user', ja: '外から見ると、ふつうのユーザーです' },
        saw: `/proc/${pid}/status: Uid ${uid}; uid_map ${map.join(' ')}`,
        hint: {
          en: 'map user 0 of the container to a user of the machine that is not root',
          ja: 'コンテナのユーザー 0 を、root ではないマシンのユーザーに対応させてください',
        },
      }),
      finding('09.inside', theirs !== ours && output.trim() === '0', {
        says: { en: 'inside, it is root', ja: '中から見ると、root です' },
        saw: `id -u → ${output.trim()}`,
        hint: { en: 'write 0 UID 1 into /proc/self/uid_map', ja: '/proc/self/uid_map に 0 UID 1 と書いてください' },
      }),
    ]
  },
}
