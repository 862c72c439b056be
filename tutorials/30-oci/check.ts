/** Chapter 30: the process is what config.json says: its limits, no new privileges, and paths of /proc that are hidden or only read. */
import { existsSync, readFileSync } from 'node:fs'
import { finding, type Check } from '@mini-docker/verify'

const SECRET = ['/proc/kcore', '/proc/keys']

export const check: Check = {
  chapter: '30',
  miniDocker: 'run --rm --security-opt no-new-privileges --ulimit nofile=1024:1024 demo',
  look({ pid }) {
    const read = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8')
    const files = /^Max open files +(\d+ +\d+)/m.exec(read('limits'))?.[1]?.replace(/ +/, ' ') ?? ''
    const privileges = /^NoNewPrivs:\s*(\d)/m.exec(read('status'))?.[1] ?? ''
    const mounts = read('mountinfo')
      .split('\n')
      .map((line) => line.split(' '))
    const optionsOf = (path: string) => mounts.find(([, , , , point]) => point === path)?.[5]
    const secret = SECRET.filter((path) => existsSync(path))
    const open = secret.filter((path) => optionsOf(path) === undefined)
    const sysctl = optionsOf('/proc/sys')?.split(',') ?? []
    return [
      finding('30.rlimit', files === '1024 1024', {
        says: { en: 'it may open 1024 files', ja: '開けるファイルは 1024 個までです' },
        saw: `/proc/${pid}/limits: Max open files ${files}`,
        hint: { en: 'process.rlimits: prlimit64', ja: 'process.rlimits です。prlimit64 を呼んでください' },
      }),
      finding('30.no-new-privileges', privileges === '1', {
        says: { en: 'no program that it starts gets more power', ja: '起動するプログラムの権限は増えません' },
        saw: `/proc/${pid}/status: NoNewPrivs ${privileges}`,
        hint: {
          en: 'process.noNewPrivileges: prctl with PR_SET_NO_NEW_PRIVS',
          ja: 'process.noNewPrivileges です。PR_SET_NO_NEW_PRIVS で prctl を呼んでください',
        },
      }),
      finding('30.masked', open.length === 0, {
        says: { en: 'the kernel’s secrets in /proc are hidden', ja: '/proc にあるカーネルの秘密は隠されています' },
        saw: `/proc/${pid}/mountinfo: ${open.length === 0 ? `mounts on ${secret.join(', ')}` : `nothing on ${open.join(', ')}`}`,
        hint: {
          en: 'linux.maskedPaths: mount /dev/null on each',
          ja: 'linux.maskedPaths です。それぞれの上に /dev/null をマウントしてください',
        },
      }),
      finding('30.readonly', sysctl.includes('ro'), {
        says: { en: 'the settings of the kernel can only be read', ja: 'カーネルの設定は読むことしかできません' },
        saw: `/proc/${pid}/mountinfo: /proc/sys ${sysctl.length === 0 ? 'is no mount' : sysctl.join(',')}`,
        hint: {
          en: 'linux.readonlyPaths: a bind mount on itself, then a remount with MS_RDONLY',
          ja: 'linux.readonlyPaths です。自分自身に bind マウントし、MS_RDONLY で再マウントしてください',
        },
      }),
    ]
  },
}
