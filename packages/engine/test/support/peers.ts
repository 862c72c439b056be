/** Who answers and who asks, each in a network namespace: the peers of the tests of `net`. Answers are "NAME sees ADDRESS". */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import * as path from 'node:path'
import { promisify } from 'node:util'
import { eventually } from '../../../../test/harness/eventually.ts'

const PEER = path.join(import.meta.dirname, '../../../net/test/fixtures/peer.ts')

export class Peers implements Disposable {
  readonly #servers: ChildProcess[] = []

  /** Answers TCP and UDP at these ports of a process's namespace. */
  async serve(pid: number, name: string, ...ports: number[]): Promise<void> {
    const words = [`--net=/proc/${pid}/ns/net`, '--', process.execPath, PEER, 'serve', name, ...ports.map(String)]
    const child = spawn('nsenter', words, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#servers.push(child)
    await once(child.stdout, 'data')
  }

  /** What it hears once; `nothing` after a while. */
  async ask(pid: number, protocol: 'tcp' | 'udp', host: string, port: number): Promise<string> {
    const words = [`--net=/proc/${pid}/ns/net`, '--', process.execPath, PEER, 'ask', protocol, host, String(port)]
    return (await promisify(execFile)('nsenter', words)).stdout
  }

  /** Asks until it hears this. */
  async hears(
    pid: number,
    protocol: 'tcp' | 'udp',
    host: string,
    port: number,
    answer: RegExp | string,
  ): Promise<void> {
    await eventually(`${protocol} ${host} ${port} answers ${String(answer)}`, async () => {
      const heard = await this.ask(pid, protocol, host, port)
      if (typeof answer === 'string' ? heard === answer : answer.test(heard)) return true
      throw new Error(heard)
    })
  }

  [Symbol.dispose](): void {
    for (const server of this.#servers) server.kill('SIGKILL')
  }
}
