/**
 * Starts the launcher on a program. The launcher is one small static file; it is started from a sealed memfd, so that
 * nothing in a container can write to the file that the next container starts from (CVE-2019-5736).
 */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Call, Step } from './call.ts'
import {
  F_ADD_SEALS,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
} from './constants.ts'
import { SyscallError } from './error.ts'
import { decodeEvent, EVENT_BYTES, type LaunchEvent } from './events.ts'
import { invoke } from './ffi.ts'
import type { Program } from './program.ts'
import { formatArgs } from './trace.ts'

export type LaunchOptions = {
  /** The launcher's stdin, stdout, stderr, which the program's processes inherit. Default: /dev/null. */
  stdio?: 'ignore' | 'inherit'
  /** Forks the launcher; without it, this process does. Not for `inherit`. */
  server?: { launcher: () => Promise<Socket> }
  /** Every event as it comes. */
  onEvent?: (event: LaunchEvent) => void
  /**
   * Called before each step of a program encoded with `stepping`; the step is made when the promise resolves. When it rejects, the program ends, and
   * the error is thrown when its processes are gone.
   */
  gate?: (step: Step) => Promise<void>
  /** So many steps at the beginning are made without asking: their leave is given with the program. At most as many as there are. */
  ungated?: number
}

export type Launched = {
  /** The launcher's own process, which is the monitor now; unknown when a server forked it. */
  launcherPid: number | undefined
  /** The child's pid in this process's pid namespace. */
  pid: number
  /** Speaks the monitor's frames from here on; `rest` is what has been read of them already. */
  control: Socket
  rest: Buffer
  /** The launcher's exit code. Only a foreground program's means something. */
  ended: Promise<number>
}

/** The call that ended a program, and the step it belongs to. */
export class LaunchError extends SyscallError {
  readonly #step: Step
  readonly #call: Call | undefined

  constructor(step: Step, call: Call | undefined, errno: number) {
    super(call?.name ?? step.id, errno, call === undefined ? [] : formatArgs(call))
    this.#step = step
    this.#call = call
  }

  // Not fields: a printed error should not hold the whole plan.
  get step(): Step {
    return this.#step
  }

  get call(): Call | undefined {
    return this.#call
  }
}

/**
 * Runs a program that ends in a monitor. Resolves when the child has called execve; rejects with a LaunchError when a
 * call failed, and then both processes are gone.
 */
export async function launch(program: Program, options: LaunchOptions = {}): Promise<Launched> {
  const run = await start(program, options)
  const outcome = await run.outcome
  if (outcome.type === 'started') {
    // A monitor needs nobody; what runs in the foreground is waited for.
    if (options.stdio !== 'inherit') run.child?.unref()
    return {
      launcherPid: run.launcherPid,
      pid: outcome.pid,
      control: run.control,
      rest: outcome.rest,
      ended: run.ended,
    }
  }
  await run.ended
  if (outcome.type === 'failed') throw new LaunchError(outcome.step, outcome.call, outcome.errno)
  throw new KilledBeforeExecve()
}

/** The child was killed before it became the command, or the launcher was. Both are gone. */
export class KilledBeforeExecve extends Error {
  constructor() {
    super('the process was killed before it became the program')
  }
}

/** Runs a program without clone3 to its end: undo lists, and what one mounts by hand. Rejects with a LaunchError. */
export async function runProgram(program: Program, options: LaunchOptions = {}): Promise<void> {
  const run = await start(program, options)
  const [outcome, code] = await Promise.all([run.outcome, run.ended])
  if (outcome.type === 'failed') throw new LaunchError(outcome.step, outcome.call, outcome.errno)
  if (code !== 0) throw new Error(`the launcher ended with ${code}`)
}

type Outcome =
  | Extract<LaunchEvent, { type: 'failed' }>
  | { type: 'started'; pid: number; rest: Buffer }
  | { type: 'ended' }

async function start(program: Program, options: LaunchOptions) {
  const { control, ended, child } = await startLauncher(options)
  const outcome = new Promise<Outcome>((resolve, reject) => {
    ended.catch(reject)
    readEvents(control, program, options, resolve, reject)
  })
  control.write(Buffer.concat([program.bytes, Buffer.from('.'.repeat(options.ungated ?? 0))]))
  return { child, launcherPid: child?.pid, control, outcome, ended }
}

type Launcher = { control: Socket; ended: Promise<number>; child?: ChildProcess }

/** A server that was killed must not stop anything: then this process forks. */
async function startLauncher(options: LaunchOptions): Promise<Launcher> {
  if (options.server === undefined) return spawnLauncher(options)
  try {
    return await connectLauncher(options.server)
  } catch {
    return spawnLauncher(options)
  }
}

function spawnLauncher(options: LaunchOptions): Launcher {
  const stdio: StdioOptions =
    options.stdio === 'inherit' ? ['inherit', 'inherit', 'inherit', 'pipe'] : ['ignore', 'ignore', 'ignore', 'pipe']
  const child = spawn(launcherPath(), [], {
    argv0: 'mini-docker-monitor',
    stdio,
    cwd: '/',
    env: {},
    detached: options.stdio !== 'inherit',
  })
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 0) : 128))
  })
  ended.catch(() => {})
  // stdio[3] is a socket pair: readable and writable
  return { control: child.stdio[3] as Socket, ended, child }
}

/** Its exit code is the server's to reap; the end of the connection says that both processes are gone. */
async function connectLauncher(server: { launcher: () => Promise<Socket> }): Promise<Launcher> {
  const control = await server.launcher()
  const ended = new Promise<number>((resolve) => control.once('close', () => resolve(0)))
  return { control, ended }
}

function readEvents(
  control: Socket,
  program: Program,
  options: LaunchOptions,
  done: (outcome: Outcome) => void,
  failed: (error: unknown) => void,
): void {
  let rest: Buffer = Buffer.alloc(0)
  let failure: Extract<LaunchEvent, { type: 'failed' }> | undefined
  let refusal: { error: unknown } | undefined
  let ungated = options.ungated ?? 0
  const onData = (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= EVENT_BYTES) {
      const event = withExecve(decodeEvent(rest, 0, program))
      rest = rest.subarray(EVENT_BYTES)
      options.onEvent?.(event)
      if (event.type === 'started') {
        control.off('data', onData)
        control.off('close', onClose)
        control.pause()
        return done({ type: 'started', pid: event.pid, rest })
      }
      if (event.type === 'failed') failure ??= event
      if (event.type === 'step' && options.gate !== undefined && ungated-- <= 0) {
        options.gate(event.step).then(
          () => control.write('.'),
          (error: unknown) => {
            refusal = { error }
            // The launcher reads the end and exits; one that does not is let go all the same.
            control.end()
            setTimeout(() => control.destroy(), GONE_MS).unref()
          },
        )
      }
    }
  }
  // The execve that succeeds cannot report itself: it is the one after the last that failed.
  let executions = program.sources.filter(({ call }) => call?.name === 'execve' || call?.name === 'execveat')
  const withExecve = (event: LaunchEvent): LaunchEvent => {
    const [next] = executions
    if (event.type === 'call' && event.call === next?.call) executions = executions.slice(1)
    return event.type === 'started' && next?.call !== undefined ? { ...event, step: next.step, call: next.call } : event
  }
  const onClose = () => (refusal === undefined ? done(failure ?? { type: 'ended' }) : failed(refusal.error))
  control.on('data', onData)
  control.on('close', onClose)
  control.on('error', ignore)
}

/** Not made where it is used: the connection lives as long as the container, and would hold the whole program, 150 kB, with it. */
function ignore(): void {}

/** How long a launcher whose program was refused may take to end. */
const GONE_MS = 2000

let memfd: number | undefined

/** The launcher's bytes in a sealed memfd of this process, as a path to execute. Made once. */
function launcherPath(): string {
  if (memfd === undefined) {
    const bytes = readFileSync(launcherFile())
    memfd = invoke('memfd_create', 'mini-docker-launcher', MFD_CLOEXEC | MFD_ALLOW_SEALING)
    invoke('write', memfd, bytes, bytes.length)
    invoke('fcntl', memfd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
  }
  return `/proc/self/fd/${memfd}`
}

/** The prebuilt launcher of this architecture, beside the sources or beside the bundle. */
export function launcherFile(): string {
  return fileURLToPath(new URL(`../launcher/launcher-${process.arch}`, import.meta.url))
}
