/** A process for a test, in namespaces of its own: a shell that does some things there and then sleeps. It is gone when it is disposed of. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

export class Subject implements AsyncDisposable {
  readonly #unshare: ChildProcess
  readonly pid: number

  private constructor(unshare: ChildProcess, pid: number) {
    this.#unshare = unshare
    this.pid = pid
  }

  /** `script` runs first, as root in there; words of `unshare`(1) in front. */
  static async start(unshare: readonly string[], script = ':'): Promise<Subject> {
    const words = [...unshare, '--fork', '--kill-child', 'sh', '-c', `${script}; echo ready; exec sleep 1000`]
    const child = spawn('unshare', words, { stdio: ['ignore', 'pipe', 'inherit'] })
    const [ready] = (await once(child.stdout, 'data')) as [Buffer]
    if (!ready.toString().includes('ready')) throw new Error(`the subject said ${ready.toString()}`)
    const [pid] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').map(Number)
    if (pid === undefined) throw new Error('the subject has no child')
    return new Subject(child, pid)
  }

  /** Runs a program in its network and mount namespace. @returns what it prints */
  run(...words: string[]): string {
    return execFileSync('nsenter', [`--target=${this.pid}`, '--net', '--mount', '--', ...words], { encoding: 'utf8' })
  }

  json(...words: string[]): unknown {
    return JSON.parse(this.run(...words) || '[]')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#unshare.exitCode !== null) return
    const ended = once(this.#unshare, 'exit')
    // Itself, too: one that changed its user is not killed with its parent any more (PR_SET_PDEATHSIG).
    process.kill(this.pid, 'SIGKILL')
    await ended
  }
}
