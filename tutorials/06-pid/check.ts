/** Chapter 06: the process has numbers of its own, and the /proc it sees is that of its own namespace. */
import { readFileSync, readlinkSync } from 'node:fs'
import { finding, type Check } from '@mini-docker/verify'

export const check: Check = {
  chapter: '06',
  miniDocker: 'run --rm demo',
  look({ pid }) {
    const [theirs, ours] = [readlinkSync(`/proc/${pid}/ns/pid`), readlinkSync('/proc/self/ns/pid')]
    const numbers = /^NSpid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]?.split('\t') ?? []
    const inside = numbers.at(-1) ?? ''
    const seen = commandLine(`/proc/${pid}/root/proc/${inside}/cmdline`)
    const real = commandLine(`/proc/${pid}/cmdline`)
    return [
      finding('06.namespace', theirs !== ours, {
        says: { en: 'the process has a PID namespace of its own', ja: 'プロセスは自分の PID 名前空間を持っています' },
        saw: `/proc/${pid}/ns/pid → ${theirs}; the machine: ${ours}`,
        hint: { en: 'give clone3 the flag CLONE_NEWPID', ja: 'clone3 に CLONE_NEWPID フラグを渡してください' },
      }),
      finding('06.number', numbers.length > 1 && Number(inside) < 10, {
        says: { en: 'inside, it has a low number', ja: '中では、小さな番号を持っています' },
        saw: `/proc/${pid}/status: NSpid ${numbers.join(' ')}`,
      }),
      finding('06.proc', theirs !== ours && seen === real, {
        says: { en: 'its /proc shows its own namespace', ja: '/proc は自分の名前空間を表示します' },
        saw: `/proc/${pid}/root/proc/${inside}/cmdline → ${seen ?? 'no such file'}`,
        hint: {
          en: '/proc belongs to the namespace of whoever mounts it: mount it in the child, before pivot_root takes the old root away',
          ja: '/proc は、マウントしたプロセスの名前空間のものになります。pivot_root で古いルートを外す前に、子プロセスでマウントしてください',
        },
      }),
    ]
  },
}

function commandLine(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return undefined
  }
}
