/**
 * Chapter 22: the process is a second one in a container that was there before. Who is checked is told which container by his own command line: `docker exec
 * NAME`. Where it says `$PID`, a container of chapter 10 is started for it; where it says `$NAME`, one of mini-docker.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { finding, groupOf, start, type Check, type Prepared } from '@mini-docker/verify'

const root = join(import.meta.dirname, '../..')
const NAMESPACES = ['mnt', 'uts', 'ipc', 'net', 'cgroup', 'user']

export const check: Check = {
  chapter: '22',
  miniDocker: 'exec $NAME',
  async prepare({ commandLine, ...place }): Promise<Prepared> {
    if (commandLine.includes('$NAME')) return startMiniDocker()
    if (!commandLine.includes('$PID')) return { env: {}, [Symbol.asyncDispose]: () => Promise.resolve() }
    const solution = join(import.meta.dirname, '../10-pids/solution.ts')
    const box = await start({ ...place, commandLine: `${process.execPath} ${solution}` })
    return { env: { PID: String(box.pid) }, [Symbol.asyncDispose]: () => box[Symbol.asyncDispose]() }
  },
  async look({ pid, run }) {
    const first = firstOf(pid)
    const others = first === undefined ? NAMESPACES : NAMESPACES.filter((name) => ns(pid, name) !== ns(first, name))
    const seven = await run('sh', '-c', 'exit 7')
    const group = groupOf(pid, 'pids')
    return [
      finding('22.pid', first !== undefined, {
        says: {
          en: 'the process was born in the pid namespace of a container that runs another process',
          ja: 'プロセスは、別のプロセスが動いているコンテナの PID 名前空間で生まれました',
        },
        saw: `/proc/${pid}/status: NSpid ${numbers(pid).join(' ')}`,
        hint: {
          en: 'before the child is born: pidfd_open, and setns with CLONE_NEWPID',
          ja: '子プロセスが生まれる前に、pidfd_open と、CLONE_NEWPID を渡した setns を呼んでください',
        },
      }),
      finding('22.namespaces', others.length === 0, {
        says: {
          en: 'all its namespaces are those of the container’s first process',
          ja: 'すべての名前空間が、コンテナの最初のプロセスと同じです',
        },
        saw: compared(pid, first, others),
        hint: {
          en: 'the child calls setns with the pidfd and the flags of the others',
          ja: '子プロセスから、pidfd と残りのフラグを渡して setns を呼んでください',
        },
      }),
      finding('22.group', first !== undefined && group === groupOf(first, 'pids'), {
        says: {
          en: 'it is in the control group of the container, whose limits hold for it too',
          ja: 'コンテナのコントロールグループに入っていて、同じ制限が効きます',
        },
        saw: `/proc/${pid}/cgroup: ${group ?? 'no group for pids'}`,
        hint: {
          en: 'read /proc/PID/cgroup, and write 0 into the cgroup.procs of that group before setns',
          ja: '/proc/PID/cgroup を読み、setns の前に、そのグループの cgroup.procs に 0 を書いてください',
        },
      }),
      finding('22.exit-code', seven.exitCode === 7, {
        says: { en: 'its exit code comes out', ja: '終了コードが外に伝わります' },
        saw: `sh -c 'exit 7' → ${seven.exitCode}`,
      }),
    ]
  },
}

function compared(pid: number, first: number | undefined, others: readonly string[]): string {
  if (first === undefined) return 'no other process is there to compare with'
  return others.length === 0 ? `/proc/${pid}/ns/*, /proc/${first}/ns/*` : `not the same: ${others.join(', ')}`
}

function startMiniDocker(): Prepared {
  const miniDocker = (...words: string[]) => execFileSync(join(root, 'mini-docker'), words, { encoding: 'utf8' }).trim()
  const name = miniDocker('run', '--detach', '--rm', 'demo', 'sleep', '600')
  const dispose = () => Promise.resolve(miniDocker('rm', '--force', name)).then(() => {})
  return { env: { NAME: name }, [Symbol.asyncDispose]: dispose }
}

/** Process 1 of the pid namespace of `pid`, when that is another process and not the machine's. */
function firstOf(pid: number): number | undefined {
  const namespace = ns(pid, 'pid')
  if (namespace === ns(process.pid, 'pid')) return undefined
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const first = all.map(Number).find((other) => ns(other, 'pid') === namespace && numbers(other).at(-1) === '1')
  return first === pid ? undefined : first
}

/** The number of a process in each pid namespace, the innermost last. */
function numbers(pid: number): string[] {
  return /^NSpid:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]?.split('\t') ?? []
}

/** Undefined when the process has ended meanwhile. */
function ns(pid: number, name: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/${name}`)
  } catch {
    return undefined
  }
}
