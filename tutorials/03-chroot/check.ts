/** Chapter 03: the root directory of the process is not that of the machine. */
import { readlinkSync, statSync } from 'node:fs'
import { finding, type Check } from '@mini-docker/verify'

export const check: Check = {
  chapter: '03',
  miniDocker: 'run --rm demo',
  look({ pid }) {
    const [theirs, ours] = [statSync(`/proc/${pid}/root/`), statSync('/')]
    const link = (name: string) => readlinkSync(`/proc/${pid}/${name}`)
    const isBelowRoot = (path: string) => `${path}/`.startsWith(link('root').replace(/\/?$/, '/'))
    return [
      finding('03.root', theirs.dev !== ours.dev || theirs.ino !== ours.ino, {
        says: {
          en: 'the root directory of the process is not the machine’s',
          ja: 'プロセスのルートディレクトリは、マシンのものとは別です',
        },
        saw: `/proc/${pid}/root/ is inode ${theirs.ino} of device ${theirs.dev}; / is inode ${ours.ino} of device ${ours.dev}`,
        hint: {
          en: 'call chroot with the directory, then chdir to /, before execve',
          ja: 'execve の前に、そのディレクトリで chroot を呼び、chdir で / に移ってください',
        },
      }),
      finding('03.cwd', isBelowRoot(link('cwd')), {
        says: {
          en: 'its current directory is below that root',
          ja: 'カレントディレクトリは、そのルートの下にあります',
        },
        saw: `/proc/${pid}/cwd → ${link('cwd')}`,
        hint: {
          en: 'chroot does not move the current directory: chdir to / after it',
          ja: 'chroot はカレントディレクトリを移しません。そのあとで chdir で / に移ってください',
        },
      }),
      finding('03.command', isBelowRoot(link('exe')), {
        says: {
          en: 'the command it runs is a file below that root',
          ja: '実行しているコマンドは、そのルートの下のファイルです',
        },
        saw: `/proc/${pid}/exe → ${link('exe')}`,
      }),
    ]
  },
}
