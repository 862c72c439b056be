/** A network namespace for a test: a process that sleeps in it. It is gone, with all links in it, when the process is. */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

export class TestNamespace implements Disposable {
  readonly #process: ChildProcess

  private constructor(process: ChildProcess) {
    this.#process = process
  }

  static async open(): Promise<TestNamespace> {
    const own = readlinkSync('/proc/self/ns/net')
    const child = spawn('unshare', ['--net', 'sleep', '1000'], { stdio: 'ignore' })
    const namespace = new TestNamespace(child)
    while (namespace.#inode() === own || namespace.#inode() === undefined) {
      if (child.exitCode !== null) throw new Error(`unshare ended with ${child.exitCode}`)
      await sleep(5)
    }
    return namespace
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** For setns(2). */
  get path(): string {
    return `/proc/${this.pid}/ns/net`
  }

  /** Runs a program in it. @returns its standard output */
  run(program: string, ...args: string[]): string {
    return execFileSync('nsenter', [`--net=${this.path}`, '--', program, ...args], { encoding: 'utf8' })
  }

  /** The same, while this process goes on: for programs that ask it something. */
  async start(program: string, ...args: string[]): Promise<string> {
    const words = [`--net=${this.path}`, '--', program, ...args]
    const { stdout } = await promisify(execFile)('nsenter', words, { encoding: 'utf8' })
    return stdout
  }

  /** What iproute2 says: `ip -j -d ARGS`. */
  ip(...args: string[]): unknown[] {
    return JSON.parse(this.run('ip', '-j', '-d', ...args) || '[]') as unknown[]
  }

  [Symbol.dispose](): void {
    this.#process.kill('SIGKILL')
  }

  #inode(): string | undefined {
    try {
      return readlinkSync(this.path)
    } catch {
      return undefined
    }
  }
}
