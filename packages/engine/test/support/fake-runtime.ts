/**
 * A runtime without a kernel's help: a container is a plain child process. Streams, signals, exit codes, log file and
 * failed starts are real, isolation is not there. It lets the engine's own work be tested without privileges.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import * as path from 'node:path'
import type {
  Exit,
  Monitor,
  OutputListener,
  Plan,
  Process,
  Runtime,
  StartFailure,
  StartOptions,
} from '../../src/runtime-port.ts'

type FakePlan = Plan & { process: Process; dir: string; logs: boolean; openStdin: boolean }

class FakeStartError extends Error {
  readonly failure: StartFailure
  constructor(failure: StartFailure) {
    super(failure.message)
    this.failure = failure
  }
}

class FakeMonitor implements Monitor {
  readonly exited: Promise<Exit>
  readonly sizes: [number, number][] = []
  readonly #child: ChildProcess
  readonly #listeners = new Set<OutputListener>()

  constructor(child: ChildProcess, plan: FakePlan, output: OutputListener | undefined) {
    if (output !== undefined) this.#listeners.add(output)
    this.#child = child
    for (const [number, stream] of [
      [1, child.stdout],
      [2, child.stderr],
    ] as const) {
      stream?.on('data', (chunk: Buffer) => {
        if (plan.logs) fs.appendFileSync(path.join(plan.dir, 'container.log'), logLines(number, chunk))
        for (const listener of this.#listeners) {
          const slow = listener(number, chunk)
          if (slow === undefined) continue
          stream.pause()
          void slow.then(() => stream.resume())
        }
      })
    }
    this.exited = once(child, 'close').then(([code, signal]: (number | string | null)[]) => {
      const number =
        typeof signal === 'string'
          ? 128 + ({ SIGKILL: 9, SIGTERM: 15, SIGINT: 2, SIGUSR1: 10 }[signal] ?? 1)
          : Number(code)
      const status = { exitCode: number, at: new Date() }
      fs.writeFileSync(path.join(plan.dir, 'exit'), JSON.stringify(status))
      return status
    })
  }

  subscribe(listener: OutputListener): void {
    this.#listeners.add(listener)
  }
  unsubscribe(listener: OutputListener): void {
    this.#listeners.delete(listener)
  }
  async writeStdin(chunk: Uint8Array): Promise<void> {
    const { stdin } = this.#child
    if (stdin !== null && !stdin.write(chunk)) await once(stdin, 'drain')
  }
  closeStdin(): void {
    this.#child.stdin?.end()
  }
  resize(rows: number, columns: number): void {
    this.sizes.push([rows, columns])
  }
  signal(number: number): void {
    this.#child.kill(number)
  }
  close(): void {
    this.#listeners.clear()
  }
}

function logLines(stream: 1 | 2, chunk: Buffer): string {
  return chunk
    .toString()
    .split(/(?<=\n)/)
    .map(
      (log) =>
        `${JSON.stringify({ log, stream: stream === 1 ? 'stdout' : 'stderr', time: new Date().toISOString().replace('Z', '000000Z') })}\n`,
    )
    .join('')
}

/** Starts what `plan.process.args` say, on the host. */
async function start(plan: Plan, { output }: StartOptions): Promise<{ pid: number; monitor: Monitor }> {
  const { process: wanted, openStdin, dir } = plan as FakePlan
  const [command = '', ...args] = wanted.args
  fs.mkdirSync(dir, { recursive: true })
  const env = Object.fromEntries(
    (wanted.env ?? []).map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  )
  const child = spawn(command, args, { env, cwd: '/', stdio: [openStdin ? 'pipe' : 'ignore', 'pipe', 'pipe'] })
  const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    child.once('spawn', () => resolve(undefined))
    child.once('error', resolve)
  })
  if (error?.code === 'ENOENT')
    throw new FakeStartError({ exitCode: 127, message: `exec: "${command}": executable file not found in $PATH` })
  if (error !== undefined) throw new FakeStartError({ exitCode: 126, message: `exec: "${command}": permission denied` })
  return { pid: child.pid ?? 0, monitor: new FakeMonitor(child, plan as FakePlan, output) }
}

export const fakeRuntime: Runtime = {
  planContainer: (spec, { bundle, log, openStdin }) =>
    ({ steps: [], process: spec.process, dir: bundle, logs: log !== undefined, openStdin }) as FakePlan,
  withFaults: (plan) => ({ plan, marks: [], shown: plan.steps }),
  startContainer: start,
  planExec: (process, _target, { directory, openStdin }) =>
    ({ steps: [], process, dir: directory, logs: false, openStdin }) as FakePlan,
  startExec: start,
  connectMonitor: () => Promise.reject(new Error('no monitor lives')),
  readExit: (dir) => {
    const file = path.join(dir, 'exit')
    if (!fs.existsSync(file)) return undefined
    const { exitCode, at } = JSON.parse(fs.readFileSync(file, 'utf8')) as { exitCode: number; at: string }
    return { exitCode, at: new Date(at) }
  },
  startFailure: (error) => (error instanceof FakeStartError ? error.failure : undefined),
  hold: () => Promise.reject(new Error('there are no mounts here')),
  run: () => Promise.resolve(),
  undo: () => Promise.resolve(),
  undoCalls: () => [],
}
