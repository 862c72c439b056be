/** Chapter 05: the root of the process is the root of its mount table, and the machine's root is not in there any more. */
import { readFileSync, readlinkSync } from 'node:fs'
import { finding, type Check } from '@mini-docker/verify'

export const check: Check = {
  chapter: '05',
  miniDocker: 'run --rm demo',
  look({ pid }) {
    const [theirs, ours] = [readlinkSync(`/proc/${pid}/ns/mnt`), readlinkSync('/proc/self/ns/mnt')]
    const root = readlinkSync(`/proc/${pid}/root`)
    const machine = mounts('self').find(({ target }) => target === '/')
    const old = mounts(String(pid)).filter(({ device, source }) => device === machine?.device && source === '/')
    return [
      finding('05.root', theirs !== ours && root === '/', {
        says: {
          en: 'the root of the process is the root of its own mount table',
          ja: 'プロセスのルートは、自分のマウントテーブルのルートです',
        },
        saw: `/proc/${pid}/root → ${root}`,
        hint: {
          en: 'a root below the root of the table can be left: pivot_root in place of chroot',
          ja: '表のルートより下のルートからは外に出られます。chroot ではなく pivot_root を使ってください',
        },
      }),
      finding('05.old-root', root === '/' && old.length === 0, {
        says: {
          en: 'the machine’s root file system is nowhere in that table',
          ja: 'マシンのルートファイルシステムは、その表のどこにもありません',
        },
        saw: `/proc/${pid}/mountinfo: ${root === '/' ? seen(old) : 'hidden behind the chroot'}`,
        hint: {
          en: 'after pivot_root the old root is still mounted: umount2 with MNT_DETACH',
          ja: 'pivot_root のあとも古いルートはマウントされたままです。umount2 に MNT_DETACH を渡して外してください',
        },
      }),
    ]
  },
}

function seen(old: readonly { target: string }[]): string {
  return old.length === 0 ? 'not there' : `at ${old.map(({ target }) => target).join(', ')}`
}

/** Device, root within the file system, mount point: fields 3 to 5 of proc_pid_mountinfo(5). */
function mounts(pid: string): { device: string; source: string; target: string }[] {
  const lines = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').trimEnd().split('\n')
  return lines.map((line) => {
    const [, , device = '', source = '', target = ''] = line.split(' ')
    return { device, source, target }
  })
}
