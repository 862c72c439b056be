/**
 * A real dockerd with its own containerd, in network and mount namespaces of its own, so that its bridge and firewall rules touch
 * nothing here. For the benchmark and for checking the tests. Root only. Peers need not be installed:
 * `MINI_DOCKER_PEERS` may name a directory where their Debian packages were unpacked (`dpkg -x`).
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { apiRequest } from './api.ts'
import { eventually } from './eventually.ts'
import { peerPath } from './requires.ts'

export class Dockerd {
  readonly socket: string
  readonly #process: ChildProcess
  private constructor(socket: string, process: ChildProcess) {
    this.socket = socket
    this.#process = process
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /**
   * Data in `directory`/data, the API on `socket`. On the network `host` it sees the tests' registries on loopback, has no bridge,
   * and leaves the firewall alone. `settings` are its daemon.json.
   */
  static async start(
    directory: string,
    socket: string,
    network: 'own' | 'host' = 'own',
    settings: object = {},
  ): Promise<Dockerd> {
    const run = join(directory, 'run')
    mkdirSync(run, { recursive: true })
    const config = join(directory, 'dockerd.json')
    writeFileSync(config, JSON.stringify(settings))
    const log = openSync(join(directory, 'dockerd.log'), 'a')
    const words = [
      'dockerd',
      '--config-file',
      config,
      '--data-root',
      join(directory, 'data'),
      '--exec-root',
      run,
      '--pidfile',
      join(run, 'dockerd.pid'),
      '--host',
      `unix://${socket}`,
      '--storage-driver',
      'overlay2',
    ]
    const child = spawn(
      'unshare',
      network === 'own'
        ? ['--net', '--mount', '--', 'sh', '-c', 'ip link set lo up; exec "$@"', 'sh', ...words]
        : ['--mount', '--', ...words, '--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false'],
      {
        stdio: ['ignore', log, log],
        env: { ...process.env, PATH: peerPath() },
      },
    )
    closeSync(log)
    await eventually(
      'dockerd answers',
      async () => {
        if (child.exitCode !== null)
          throw new Error(`dockerd ended:\n${readFileSync(join(directory, 'dockerd.log'), 'utf8')}`)
        return (await apiRequest(socket, 'GET', '/_ping')).status === 200
      },
      { timeoutMs: 60_000 },
    )
    return new Dockerd(socket, child)
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = new Promise<void>((resolve) => this.#process.once('exit', () => resolve()))
    this.#process.kill(signal)
    await ended
  }
}
