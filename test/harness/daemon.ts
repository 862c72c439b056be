/**
 * A daemon of our own for a test: the built program, on a private data root, run root and socket, killed by its pid.
 * `MINI_DOCKER_E2E=docker` starts a real dockerd instead, and `cli` is then the real docker client: so the tests themselves
 * are tested, against the thing they say we are like.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TestNamespace } from '../../packages/net/test/namespace.ts'
import { apiRequest } from './api.ts'
import { must, run, type CommandOptions, type Result } from './command.ts'
import { Dockerd } from './dockerd.ts'
import { eventually } from './eventually.ts'
import { watchContainers } from './own-containers.ts'

export const repository = join(import.meta.dirname, '../..')

/** The built command, as a user's shell would start it (scripts/test builds it first). */
const NODE = join(repository, 'node_modules/.bin/node')
const MAIN = join(repository, 'dist/main.js')

export type Daemon = {
  /** What stands behind it: messages differ in the name of the program only. */
  readonly kind: 'mini-docker' | 'docker'
  readonly socket: string
  /** `unix://…`, for DOCKER_HOST. */
  readonly host: string
  readonly dataRoot: string
  readonly runRoot: string
  /** Where its links and rules are; only with a network namespace of its own. */
  readonly networkNamespace: TestNamespace
  /** Of the daemon's process now; changes with `restart`. */
  readonly pid: number
  /** The words that start our command line on this daemon; for a terminal. */
  argv(...args: string[]): string[]
  /** Our command line (or docker's, see above). */
  cli(args: readonly string[], options?: CommandOptions): Promise<Result>
  /** As `cli`, and a non-zero exit code throws. Returns standard output without the last newline. */
  ok(...args: string[]): Promise<string>
  /** The real docker client on this daemon. */
  docker(args: readonly string[], options?: CommandOptions): Promise<Result>
  /** One request to the API; the body is JSON when it looks like it. */
  request(method: string, path: string, body?: unknown): Promise<{ status: number; text: string; json: unknown }>
  /** SIGKILL, and nothing else: what a crash is. */
  kill(): Promise<void>
  /** Starts it again on the same roots and waits until it answers. */
  start(env?: Record<string, string>): Promise<void>
  /** Everything gone: containers, daemon, files. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts a daemon for as long as `body` runs. */
export async function withDaemon<T>(body: (daemon: Daemon) => Promise<T>): Promise<T> {
  await using daemon = await startDaemon()
  return await body(daemon)
}

export type DaemonPlace = {
  /**
   * `own`: a network namespace of its own, in which lo is up, and which outlives the daemon. `shared`: this process's, where the daemon reaches registries
   * on loopback; its containers have no network then unless they ask for one, since nothing may be made there.
   */
  network?: 'own' | 'shared'
}

export async function startDaemon(
  env: Record<string, string> = {},
  { network = 'own' }: DaemonPlace = {},
): Promise<Daemon> {
  const directory = mkdtempSync(join(tmpdir(), 'mini-docker-e2e-'))
  const daemon =
    process.env['MINI_DOCKER_E2E'] === 'docker' ? new RealDaemon(directory) : new OurDaemon(directory, network)
  try {
    await daemon.start(env)
  } catch (error) {
    await daemon[Symbol.asyncDispose]()
    throw error
  }
  return daemon
}

abstract class BaseDaemon implements Daemon {
  abstract readonly kind: 'mini-docker' | 'docker'
  readonly directory: string
  constructor(directory: string) {
    this.directory = directory
  }
  get dataRoot(): string {
    return join(this.directory, 'data')
  }
  get runRoot(): string {
    return join(this.directory, 'run')
  }
  get socket(): string {
    return join(this.runRoot, 'docker.sock')
  }
  get host(): string {
    return `unix://${this.socket}`
  }
  abstract get pid(): number
  abstract get networkNamespace(): TestNamespace
  abstract argv(...args: string[]): string[]
  abstract kill(): Promise<void>
  abstract start(env?: Record<string, string>): Promise<void>
  abstract stop(): Promise<void>

  cli(args: readonly string[], options: CommandOptions = {}): Promise<Result> {
    return run(this.argv(...args), this.#withHost(options))
  }
  async ok(...args: string[]): Promise<string> {
    return (await must(this.argv(...args), this.#withHost({}))).replace(/\n$/, '')
  }
  docker(args: readonly string[], options: CommandOptions = {}): Promise<Result> {
    return run(['docker', '-H', this.host, ...args], this.#withHost(options))
  }
  request(method: string, path: string, body?: unknown): Promise<{ status: number; text: string; json: unknown }> {
    return apiRequest(this.socket, method, path, body)
  }
  #withHost(options: CommandOptions): CommandOptions {
    return { ...options, env: { DOCKER_HOST: this.host, DOCKER_CONFIG: this.directory, ...options.env } }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.removeContainers()
    await this.stop()
    rmSync(this.directory, { recursive: true, force: true })
  }

  /** A test that failed half way leaves containers; the daemon knows best how to end them. */
  async removeContainers(): Promise<void> {
    const list = await this.request('GET', '/containers/json?all=1').catch(() => undefined)
    if (list?.status !== 200) return
    for (const { Id } of list.json as { Id: string }[]) {
      await this.request('DELETE', `/containers/${Id}?force=1&v=1`).catch(() => undefined)
    }
  }
}

class OurDaemon extends BaseDaemon {
  readonly kind = 'mini-docker'
  readonly #network: 'own' | 'shared'
  readonly #containers: Disposable
  #namespace: TestNamespace | undefined
  #process: ChildProcess | undefined

  constructor(directory: string, network: 'own' | 'shared') {
    super(directory)
    this.#containers = watchContainers(this.dataRoot)
    this.#network = network
  }

  get networkNamespace(): TestNamespace {
    if (this.#namespace === undefined) throw new Error('the daemon has no network namespace of its own')
    return this.#namespace
  }

  get pid(): number {
    if (this.#process?.pid === undefined) throw new Error('the daemon does not run')
    return this.#process.pid
  }

  argv(...args: string[]): string[] {
    return [NODE, '--', MAIN, '-H', this.host, ...args]
  }

  async start(env: Record<string, string> = {}): Promise<void> {
    mkdirSync(this.dataRoot, { recursive: true })
    mkdirSync(this.runRoot, { recursive: true })
    const log = openSync(join(this.directory, 'daemon.log'), 'a')
    const args = ['daemon', '--data-root', this.dataRoot, '--run-root', this.runRoot, '--socket', this.socket]
    const [program = '', ...words] = [...(await this.#place()), NODE, '--', MAIN, ...args, ...this.#config()]
    this.#process = spawn(program, words, { stdio: ['ignore', log, log], env: { ...process.env, ...env } })
    closeSync(log)
    const daemon = this.#process
    await eventually('the daemon answers', async () => {
      if (daemon.exitCode !== null) throw new Error(`the daemon ended with ${daemon.exitCode}:\n${this.log()}`)
      return (await this.request('GET', '/_ping')).status === 200
    })
  }

  /** nsenter(1) becomes the daemon: the pid is the daemon's. */
  async #place(): Promise<string[]> {
    if (this.#network === 'shared') return []
    if (this.#namespace === undefined) {
      this.#namespace = await TestNamespace.open()
      this.#namespace.run('ip', 'link', 'set', 'lo', 'up')
    }
    return ['nsenter', `--net=${this.#namespace.path}`, '--']
  }

  #config(): string[] {
    if (this.#network === 'own') return []
    const file = join(this.directory, 'daemon.json')
    writeFileSync(file, JSON.stringify({ bridge: 'none' }))
    return ['--config-file', file]
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]()
    this.#containers[Symbol.dispose]()
    this.#namespace?.[Symbol.dispose]()
  }

  log(): string {
    return readFileSync(join(this.directory, 'daemon.log'), 'utf8')
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }
  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }
  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const daemon = this.#process
    this.#process = undefined
    if (daemon === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return
    const ended = new Promise<void>((resolve) => daemon.once('exit', () => resolve()))
    daemon.kill(signal)
    const timer = setTimeout(() => daemon.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(timer)
  }
}

class RealDaemon extends BaseDaemon {
  readonly kind = 'docker'
  #dockerd: Dockerd | undefined

  get pid(): number {
    if (this.#dockerd === undefined) throw new Error('dockerd does not run')
    return this.#dockerd.pid
  }
  get networkNamespace(): TestNamespace {
    throw new Error('dockerd runs in a namespace that is made with it')
  }
  argv(...args: string[]): string[] {
    return ['docker', '-H', this.host, ...args]
  }
  async start(): Promise<void> {
    this.#dockerd = await Dockerd.start(this.directory, this.socket)
  }
  async kill(): Promise<void> {
    await this.#dockerd?.stop('SIGKILL')
  }
  async stop(): Promise<void> {
    await this.#dockerd?.stop('SIGTERM')
  }
}
