/** Chapter 10: the process is in a control group that allows few processes, and the kernel holds it to that. */
import { finding, groupOf, readSetting, type Check } from '@mini-docker/verify'

const MANY = 'i=0; while [ $i -lt 150 ]; do sleep 1 & i=$((i + 1)); done; wait'

export const check: Check = {
  chapter: '10',
  miniDocker: 'run --rm --pids-limit 20 demo',
  async look({ pid, run }) {
    const group = groupOf(pid, 'pids')
    const limit = group === undefined ? undefined : readSetting(`${group}/pids.max`)
    const { output } = await run('sh', '-c', MANY)
    return [
      finding('10.group', group !== undefined && group !== groupOf(process.pid, 'pids'), {
        says: {
          en: 'the process is in a control group of its own',
          ja: 'プロセスは自分のコントロールグループに入っています',
        },
        saw: `/proc/${pid}/cgroup: ${group ?? 'no group for pids'}`,
        hint: {
          en: 'make a directory under /sys/fs/cgroup, and write 0 into its cgroup.procs from the child',
          ja: '/sys/fs/cgroup の下にディレクトリを作り、子プロセスからその cgroup.procs に 0 を書いてください',
        },
      }),
      finding('10.limit', Number(limit) <= 100, {
        says: { en: 'the group allows at most 100 processes', ja: 'グループのプロセス数は 100 までに制限されています' },
        saw: `pids.max: ${limit ?? 'not there'}`,
        hint: { en: 'write the number into pids.max', ja: 'pids.max に数を書いてください' },
      }),
      finding('10.held', /fork/i.test(output), {
        says: {
          en: 'a command that starts 150 processes is stopped',
          ja: '150 個のプロセスを始めようとすると、止められます',
        },
        saw: output === '' ? 'nobody was refused' : (output.split('\n')[0] ?? ''),
      }),
    ]
  },
}
