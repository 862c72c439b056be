/** Chapter 08: message queues of its own, and a view of the control groups that begins at its own. */
import { existsSync, readlinkSync } from 'node:fs'
import { finding, type Check, type Finding, type Words } from '@mini-docker/verify'

export const check: Check = {
  chapter: '08',
  miniDocker: 'run --rm demo',
  look({ pid }) {
    const isOwn = (name: string) => readlinkSync(`/proc/${pid}/ns/${name}`) !== readlinkSync(`/proc/self/ns/${name}`)
    const saw = (name: string) =>
      `/proc/${pid}/ns/${name} → ${readlinkSync(`/proc/${pid}/ns/${name}`)}; the machine: ${readlinkSync(`/proc/self/ns/${name}`)}`
    return [
      finding('08.ipc', isOwn('ipc'), {
        says: { en: 'the process has an IPC namespace of its own', ja: 'プロセスは自分の IPC 名前空間を持っています' },
        saw: saw('ipc'),
        hint: { en: 'give clone3 the flag CLONE_NEWIPC', ja: 'clone3 に CLONE_NEWIPC フラグを渡してください' },
      }),
      cgroupFinding(isOwn('cgroup'), saw('cgroup')),
    ]
  },
}

const SAYS: Words = {
  en: 'the process has a cgroup namespace of its own',
  ja: 'プロセスは自分の cgroup 名前空間を持っています',
}

/** docker and runc make one with cgroup v2 only: on v1 it is not asked of anybody. */
function cgroupFinding(isOwn: boolean, saw: string): Finding {
  const isV2 = existsSync('/sys/fs/cgroup/cgroup.controllers')
  if (!isOwn && !isV2)
    return { id: '08.cgroup', answer: 'skipped', says: SAYS, saw: `${saw} (this machine has cgroup v1)` }
  return finding('08.cgroup', isOwn, {
    says: SAYS,
    saw,
    hint: {
      en: 'let the child call unshare(CLONE_NEWCGROUP)',
      ja: '子プロセスで unshare(CLONE_NEWCGROUP) を呼んでください',
    },
  })
}
