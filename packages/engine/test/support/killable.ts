/** A daemon in a process of its own, on the real runtime, that can be killed and started again. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { readCgroupLayout, processes } from '@mini-docker/cgroup'
import { TestNamespace } from '../../../net/test/namespace.ts'
import { Api } from './api.ts'

type BootOptions = { killBefore?: string; through?: readonly string[]; env?: Record<string, string> }

export class KillableDaemon extends Api implements AsyncDisposable {
  override readonly defaultImage = 'demo'
  readonly dir: string = fs.mkdtempSync(path.join(os.tmpdir(), 'engine-root-'))
  #namespace: TestNamespace | undefined
  #child: ChildProcess | undefined
  errors = ''

  readonly #network: 'own' | 'shared'

  constructor(network: 'own' | 'shared' = 'own') {
    super()
    this.#network = network
  }

  /** `shared`: in the network namespace of the test, whose registries it then reaches; for tests that start no container. */
  static async start({ network = 'own' }: { network?: 'own' | 'shared' } = {}): Promise<KillableDaemon> {
    const daemon = new KillableDaemon(network)
    await daemon.boot()
    return daemon
  }

  /** Links and rules are made here, not on the machine. It outlives the daemon, as the machine's does. */
  get namespace(): TestNamespace {
    if (this.#namespace === undefined) throw new Error('the daemon has no network namespace of its own')
    return this.#namespace
  }

  get socket(): string {
    return path.join(this.dir, 'docker.sock')
  }

  get host(): string {
    return `unix://${this.socket}`
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /**
   * `killBefore`: a step of the first start, before which launcher and daemon are killed. `through`: the words before it, of a program that takes
   * something from it. `env`: its environment, besides this process's.
   */
  async boot({ killBefore, through = [], env = {} }: BootOptions = {}): Promise<void> {
    if (this.#namespace === undefined && this.#network === 'own') {
      this.#namespace = await TestNamespace.open()
      this.#namespace.run('ip', 'link', 'set', 'lo', 'up')
    }
    const serve = [
      process.execPath,
      path.join(import.meta.dirname, 'serve.ts'),
      this.dir,
      ...(killBefore === undefined ? [] : [killBefore]),
    ]
    const enter = this.#network === 'own' ? ['nsenter', `--net=${this.namespace.path}`, '--'] : []
    const [program = '', ...words] = [...enter, ...through, ...serve]
    const child = spawn(program, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    this.#child = child
    child.stderr?.on('data', (chunk: Buffer) => (this.errors += chunk.toString()))
    const listening = once(child.stdout, 'data')
    await Promise.race([
      listening,
      once(child, 'exit').then(() => Promise.reject(new Error(`the daemon ended: ${this.errors}`))),
    ])
  }

  /** Resolves when the daemon is gone by itself. */
  async gone(): Promise<void> {
    const child = this.#child
    if (child !== undefined && child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    this.#child = undefined
  }

  /** SIGKILL, as a crash is; SIGTERM, as a service manager does. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.#child === undefined) return
    const ended = once(this.#child, 'exit')
    this.#child.kill(signal)
    await ended
    this.#child = undefined
  }

  async state(id: string): Promise<{ Status: string; Pid: number; ExitCode: number; StartedAt: string }> {
    return (await this.request('GET', `/containers/${id}/json`)).json.State as {
      Status: string
      Pid: number
      ExitCode: number
      StartedAt: string
    }
  }

  /** What is left of containers outside of their folders. */
  leftovers(): { journal: string[]; containers: string[] } {
    return {
      journal: fs.readdirSync(path.join(this.dir, 'run/journal')),
      containers: fs.readdirSync(path.join(this.dir, 'root/containers')),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child === undefined) await this.boot()
    for (const { Id } of (await this.request('GET', '/containers/json?all=1')).json as { Id: string }[])
      await this.request('DELETE', `/containers/${Id}?force=1&v=1`)
    await this.end('SIGTERM')
    this.#namespace?.[Symbol.dispose]()
    fs.rmSync(this.dir, { recursive: true, force: true })
  }
}

/** The process that started another: a container's monitor. */
export function parentOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

export function isAlive(pid: number): boolean {
  const status = fs.existsSync(`/proc/${pid}/status`) ? fs.readFileSync(`/proc/${pid}/status`, 'utf8') : ''
  return status !== '' && !/^State:\s*Z/m.test(status)
}

/** Control groups of a container, in whichever hierarchy. */
export function cgroupsOf(id: string): string[] {
  return readCgroupLayout()
    .hierarchies.map(({ base }) => `${base}/mini-docker/${id}`)
    .filter((directory) => fs.existsSync(directory))
}

export function processesOf(id: string): number[] {
  return processes(readCgroupLayout(), `mini-docker/${id}`)
}
