/** Chapter 02: the process is in a UTS namespace of its own, and its name is another than the machine's. */
import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { finding, type Check } from '@mini-docker/verify'

export const check: Check = {
  chapter: '02',
  miniDocker: 'run --rm demo',
  async look({ pid, run }) {
    const path = `/proc/${pid}/ns/uts`
    const [theirs, ours] = [readlinkSync(path), readlinkSync('/proc/self/ns/uts')]
    const { output } = await run('hostname')
    const name = output.trim()
    return [
      finding('02.namespace', theirs !== ours, {
        says: { en: 'the process has a UTS namespace of its own', ja: 'プロセスは自分の UTS 名前空間を持っています' },
        saw: `${path} → ${theirs}; the machine: ${ours}`,
        hint: {
          en: 'the process was born in the machine’s namespace: give clone3 the flag CLONE_NEWUTS',
          ja: 'プロセスはマシンの名前空間で生まれました。clone3 に CLONE_NEWUTS フラグを渡してください',
        },
      }),
      finding('02.hostname', name !== '' && name !== hostname(), {
        says: { en: 'hostname prints a name that is not the machine’s', ja: 'hostname はマシンと違う名前を表示します' },
        saw: `hostname → ${name === '' ? '(nothing)' : name}`,
        hint: {
          en: 'a new namespace begins as a copy: call sethostname in the child',
          ja: '新しい名前空間は元の写しから始まります。子プロセスで sethostname を呼んでください',
        },
      }),
    ]
  },
}
