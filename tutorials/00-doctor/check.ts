/** Chapter 00: a process runs, and root can make here what a container is made of. All that is tried is gone when its command ends. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readlinkSync, rmdirSync } from 'node:fs'
import { promisify } from 'node:util'
import { finding, type Check, type Finding, type Words } from '@mini-docker/verify'

const run = promisify(execFile)

export const check: Check = {
  chapter: '00',
  miniDocker: 'run --rm demo',
  async look({ pid }) {
    const here = `/proc/${pid}/exe → ${readlinkSync(`/proc/${pid}/exe`)}`
    const runs = finding('00.process', true, { says: SAYS.process, saw: here })
    return [runs, ...(await Promise.all(TRIALS.map(trial))), cgroup()]
  },
}

const SAYS = {
  process: { en: 'a process can be started and looked at', ja: 'プロセスを起動して調べることができます' },
  cgroup: { en: 'root can make a control group', ja: 'root はコントロールグループを作れます' },
} satisfies Record<string, Words>

const MEND: Words = {
  en: 'use a virtual machine where you are root; in a container it takes --privileged',
  ja: 'root になれる仮想マシンを使ってください。コンテナの中では --privileged が必要です',
}

type Trial = { id: string; says: Words; command: string[] }

const TRIALS: Trial[] = [
  {
    id: '00.namespaces',
    says: { en: 'root can make namespaces', ja: 'root は名前空間を作れます' },
    command: ['unshare', '--uts', '--ipc', '--pid', '--fork', '--mount', '--mount-proc', 'sh', '-c', 'hostname box'],
  },
  {
    id: '00.overlay',
    says: { en: 'root can mount an overlay', ja: 'root はオーバーレイをマウントできます' },
    command: [
      'unshare',
      '--mount',
      'sh',
      '-ec',
      'mount -t tmpfs tmpfs /tmp; cd /tmp; mkdir l u w m; mount -t overlay overlay -o lowerdir=l,upperdir=u,workdir=w m',
    ],
  },
  {
    id: '00.network',
    says: { en: 'root can make a network namespace', ja: 'root はネットワーク名前空間を作れます' },
    command: ['unshare', '--net', 'ip', 'link', 'set', 'lo', 'up'],
  },
]

async function trial({ id, says, command: [program = '', ...words] }: Trial): Promise<Finding> {
  const shown = [program, ...words.map((word) => (word.includes(' ') ? `'${word}'` : word))].join(' ')
  const failure = await run(program, words).then(
    () => undefined,
    (error: unknown) => (error as { stderr?: string }).stderr?.trim() || String(error),
  )
  const saw = failure === undefined ? shown : `${shown}\n${failure}`
  return finding(id, failure === undefined, { says, saw, hint: MEND })
}

function cgroup(): Finding {
  const tree = existsSync('/sys/fs/cgroup/cgroup.controllers') ? '/sys/fs/cgroup' : '/sys/fs/cgroup/pids'
  const directory = `${tree}/course-doctor-${process.pid}`
  try {
    mkdirSync(directory)
    rmdirSync(directory)
    return finding('00.cgroup', true, { says: SAYS.cgroup, saw: `mkdir ${directory}` })
  } catch (error) {
    return finding('00.cgroup', false, { says: SAYS.cgroup, saw: String(error), hint: MEND })
  }
}
