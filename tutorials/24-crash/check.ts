/**
 * Chapter 24: all processes of the runtime are killed at once, and nobody cleans up. The next run of the same program must do it: end the container that nobody
 * watches any more, and remove its control groups. But it must not touch a container whose runtime lives.
 */
import { randomInt } from 'node:crypto'
import { existsSync, readFileSync, rmdirSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { finding, findSleeper, ownCgroups, type Check } from '@mini-docker/verify'

const START_MS = 15_000
const PATIENCE_MS = 1500

export const check: Check = {
  chapter: '24',
  miniDocker: 'run --rm demo',
  async look({ pid, run }) {
    const groups = ownCgroups(pid)
    const above = ancestors(pid)
    for (const ancestor of above) process.kill(ancestor, 'SIGKILL')
    const goesOn = isAlive(pid)

    const seconds = String(randomInt(1e8, 1e9))
    const second = run('sleep', seconds)
    const other = await until(START_MS, () => findSleeper(seconds))
    const isLeft = (): boolean => isAlive(pid) || groups.some((group) => existsSync(group))
    await until(PATIENCE_MS, () => !isLeft() || undefined)
    const isGone = !isAlive(pid)
    const left = groups.filter((group) => existsSync(group))
    await run('true')
    const lives = other !== undefined && isAlive(other)

    kill(pid)
    kill(other)
    await second
    for (const group of left) await until(PATIENCE_MS, () => remove(group) || undefined)
    return [
      finding('24.process', isGone, {
        says: {
          en: 'the next run ends a container whose runtime was killed',
          ja: 'ランタイムを強制終了されたコンテナは、次の実行が終わらせます',
        },
        saw: `killed ${above.join(', ')}; the container ${goesOn ? 'went on' : 'ended'}, and after the next run it is ${isGone ? 'gone' : 'still there'}`,
        hint: {
          en: 'write into a file what you are going to make; at the start, look for entries whose writer is dead',
          ja: '作るものを、作る前にファイルに書いておき、始めるときに、書いた者が死んでいるものを探してください',
        },
      }),
      finding('24.groups', groups.length > 0 && left.length === 0, {
        says: { en: 'and removes its control groups', ja: 'そのコントロールグループも消します' },
        saw: groups.length === 0 ? 'it had none of its own' : (left[0] ?? `gone: ${groups[0]}`),
        hint: {
          en: 'kill the processes in cgroup.procs, and remove the directory when it is empty',
          ja: 'cgroup.procs にあるプロセスを終わらせ、空になったらディレクトリを消してください',
        },
      }),
      finding('24.others', lives, {
        says: {
          en: 'a container whose runtime lives is left alone',
          ja: 'ランタイムが生きているコンテナには触りません',
        },
        saw: `sleep ${seconds}, after one more run: ${lives ? 'runs' : 'gone'}`,
      }),
    ]
  },
}

/** Who would clean up: all above the process, up to process 1 or to this one. */
function ancestors(pid: number): number[] {
  const parent = Number(/^PPid:\s*(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0)
  return parent <= 1 || parent === process.pid ? [] : [parent, ...ancestors(parent)]
}

/** A zombie has ended. */
function isAlive(pid: number): boolean {
  return /^State:\s*[^ZX]/m.test(read(`/proc/${pid}/status`))
}

function kill(pid: number | undefined): void {
  if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGKILL')
}

function remove(group: string): boolean {
  try {
    if (existsSync(group)) rmdirSync(group)
    return true
  } catch {
    return false
  }
}

async function until<T>(milliseconds: number, look: () => T | undefined): Promise<T | undefined> {
  for (const end = Date.now() + milliseconds; ; await delay(20)) {
    const seen = look()
    if (seen !== undefined || Date.now() > end) return seen
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
