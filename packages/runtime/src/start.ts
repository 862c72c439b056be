/** Runs plans: the launcher makes the calls, and what is left behind by one that failed is taken back. */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import {
  AT_FDCWD,
  call,
  O_CLOEXEC,
  O_RDONLY,
  ref,
  SIGKILL,
  encodeProgram,
  errnoMessage,
  errnoName,
  invoke,
  launch,
  KilledBeforeExecve,
  LaunchError,
  Monitor,
  SyscallError,
  type Call,
  type Exit,
  type LaunchEvent,
  type LauncherServer,
  type OutputListener,
  type Step,
} from '@mini-docker/syscall'
import { MONITOR_SOCKET } from './monitor-steps.ts'
import type { Plan } from './plan-container.ts'

export type StartOptions = {
  /** Forks the launcher instead of this process: a tenth of the time. */
  server?: LauncherServer
  /** Gets the output from the first byte on; end it with `monitor.unsubscribe`. */
  output?: OutputListener
  /** Every event as it comes: the calls are reported one by one, with their times. */
  trace?: (event: LaunchEvent) => void
  /**
   * For tests of what a crash leaves behind: before this step the launcher kills the process that started it, and then itself. `STEP@FIFO`: instead of
   * the latter it goes on when somebody opens the named pipe to write.
   */
  killBefore?: string
  /**
   * Asked before each step; the step is made when the promise resolves, and the start ends when it rejects. `pid` is the container's first process as
   * soon as it is there (`isChild`), before that the launcher: whose view of the kernel it is about.
   */
  gate?: Gate
  /** Told when the start has failed and what it made is about to be taken back. */
  onUndo?: () => void
  /**
   * Begun as soon as the container's first process has its network, with `lo` up, and waited for before the last step, in which it becomes the command: it
   * goes on beside the steps between. An error ends the start.
   */
  whileBorn?: (pid: number) => Promise<void>
}

export type Gate = (step: Step, pid: number, isChild: boolean) => Promise<void>

export type Running = { pid: number; monitor: Monitor; launcherPid: number | undefined }

/** A container that could not be started. `exitCode` is what docker's client ends with: 125 us, 126 cannot be run, 127 not found. */
export class StartError extends Error {
  override readonly name = 'StartError'
  readonly exitCode: 125 | 126 | 127
  readonly code: string

  constructor(message: string, exitCode: 125 | 126 | 127, code: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
    this.code = code
  }
}

/** Starts a container's first process. Resolves when execve has succeeded. @throws StartError, with everything undone. */
export async function startContainer(plan: Plan, options: StartOptions = {}): Promise<Running> {
  return start(plan, options)
}

/** Starts one more process in a container. @throws StartError. */
export async function startExec(plan: Plan, options: StartOptions = {}): Promise<Running> {
  return start(plan, options)
}

async function start(
  plan: Plan,
  { server, output, trace, gate, onUndo, whileBorn, killBefore }: StartOptions,
): Promise<Running> {
  const [killAt, fifo] = killBefore?.split('@') ?? []
  const planned = plan.steps.flatMap((step) => (step.id === killAt ? [killStep(fifo), step] : [step]))
  const gated = gate === undefined ? undefined : new Gated(gate)
  const steps = gated === undefined ? planned : [gated.first, ...planned]
  const program = encodeProgram(steps, {
    trace: trace !== undefined || gated !== undefined,
    stepping: gated !== undefined || whileBorn !== undefined,
    monitor: { ...plan.monitor, subscribed: output !== undefined },
  })
  const born = whileBorn === undefined ? undefined : new Born(steps, whileBorn)
  const onEvent = (event: LaunchEvent): void => {
    born?.see(event)
    if (gated?.see(event) === true) return
    trace?.(event)
  }
  try {
    const { pid, control, rest, launcherPid } = await launch(program, {
      ...(server === undefined ? {} : { server }),
      onEvent,
      ...(born === undefined ? {} : { gate: () => born.ready(), ungated: steps.length - 1 }),
      ...(gated === undefined
        ? {}
        : { gate: (step) => gated.open(step, { isLast: step === steps.at(-1), born }), ungated: 1 }),
    })
    const monitor = new Monitor(control, `${plan.directory}/${MONITOR_SOCKET}`, rest, output)
    return { pid, launcherPid, monitor }
  } catch (error) {
    await born?.ready().catch(() => {})
    onUndo?.()
    await undo(undoCalls(plan.steps))
    if (error instanceof LaunchError) throw startError(plan, error)
    if (error instanceof KilledBeforeExecve)
      throw new StartError('the process was killed before it became the command', 125, 'ESRCH', { cause: error })
    throw error
  }
}

/** What the plans call the process that becomes the container, and the step after which its network can be used. */
const CHILD = 'child'
const LOOPBACK = 'network.loopback'

/** Work that begins in the middle of a start, by what the launcher tells. */
class Born {
  readonly #after: ReadonlySet<Step>
  readonly #work: (pid: number) => Promise<void>
  #pid: number | undefined
  #begun: Promise<void> | undefined

  constructor(steps: readonly Step[], work: (pid: number) => Promise<void>) {
    this.#after = new Set(steps.slice(steps.findIndex(({ id }) => id === LOOPBACK) + 1))
    this.#work = work
  }

  see(event: LaunchEvent): void {
    if (event.type === 'call' && event.call?.as === CHILD) this.#pid = event.result
    if (event.type !== 'step' || event.step.where !== 'container' || !this.#after.has(event.step)) return
    if (this.#pid === undefined || this.#begun !== undefined) return
    this.#begun = this.#work(this.#pid)
    // Told where it is waited for.
    this.#begun.catch(() => {})
  }

  async ready(): Promise<void> {
    await this.#begun
  }
}

const IDENTITY = 'launcher.identity'

/** A gate that knows which process it stands before. */
class Gated {
  /** Made without asking: it tells who the launcher is. */
  readonly first: Step = {
    id: IDENTITY,
    stage: 'process',
    where: 'host',
    calls: [call('getpid', [], { as: 'launcher.pid' })],
    shell: [],
    man: ['getpid(2)'],
  }
  readonly #gate: Gate
  #pid = 0
  #isChild = false

  constructor(gate: Gate) {
    this.#gate = gate
  }

  /** True for an event of the first step, which is nobody else's business. */
  see(event: LaunchEvent): boolean {
    const isFirst = event.step === this.first
    if (event.type === 'call' && isFirst) this.#pid = event.result
    if (event.type === 'call' && event.call.as === CHILD) [this.#pid, this.#isChild] = [event.result, true]
    return isFirst
  }

  async open(step: Step, { isLast, born }: { isLast: boolean; born: Born | undefined }): Promise<void> {
    await this.#gate(step, this.#pid, this.#isChild)
    if (isLast) await born?.ready()
  }
}

function killStep(fifo: string | undefined): Step {
  const end = [call('getpid', [], { as: 'test.kill.self' }), call('kill', [ref('test.kill.self'), SIGKILL])]
  const wait = [call('openat', [AT_FDCWD, fifo ?? '', O_RDONLY | O_CLOEXEC, 0])]
  const calls = [call('kill', [process.pid, SIGKILL]), ...(fifo === undefined ? end : wait)]
  return { id: 'test.kill', stage: 'process', where: 'host', calls, shell: [], man: [] }
}

function startError(plan: Plan, error: LaunchError): StartError {
  const options = { cause: error }
  const errno = errnoName(error.errno)
  const words = errno === undefined ? `errno ${error.errno}` : errnoMessage(errno)
  const code = error.code
  if (error.step.id !== 'process.exec')
    return new StartError(`${error.step.id}: ${error.message}${hint(error)}`, 125, code, options)
  if (error.syscall === 'chdir') {
    const message = `chdir to cwd (${error.args[0]}) set in config.json failed: ${words}`
    return new StartError(message, 127, code, options)
  }
  const command = JSON.stringify(plan.command)
  const searched = !plan.command.includes('/')
  if (searched && (errno === 'ENOENT' || errno === 'EACCES' || errno === 'ENOTDIR')) {
    return new StartError(`exec: ${command}: executable file not found in $PATH`, 127, code, options)
  }
  return new StartError(`exec: ${command}: ${words}`, errno === 'ENOENT' ? 127 : 126, code, options)
}

function hint({ hint: text }: LaunchError): string {
  return text === undefined ? '' : ` (${text})`
}

/** Everything that steps leave on the host, the newest first. */
export function undoCalls(steps: readonly Step[]): Call[] {
  return steps.toReversed().flatMap((step) => step.undo ?? [])
}

/**
 * Makes calls of an undo list. What is already gone is fine; a cgroup whose last process is just being reaped is tried again for
 * up to two seconds. @throws SyscallError for what could not be taken back, after the rest has been.
 */
export async function undo(calls: readonly Call[]): Promise<void> {
  let failed: unknown
  for (const { name, args, allow = [] } of calls) {
    const native = args.map((arg) => {
      if (typeof arg === 'object' && arg !== null && !(arg instanceof Uint8Array))
        throw new TypeError(`undo of ${name}: only plain arguments`)
      return arg
    })
    try {
      await whileBusy(() => invoke(name, ...native))
    } catch (error) {
      if (!(error instanceof SyscallError) || !(allow as string[]).includes(error.code)) failed ??= error
    }
  }
  if (failed !== undefined) throw failed
}

async function whileBusy(attempt: () => void): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return attempt()
    } catch (error) {
      if (!(error instanceof SyscallError) || error.code !== 'EBUSY' || tries >= 100) throw error
    }
    await delay(tries < 10 ? 1 : 20)
  }
}

/** The status that a monitor left in its directory: there when the container has ended, whoever was listening. */
export function readExit(directory: string): Exit | undefined {
  let text: string
  try {
    text = readFileSync(`${directory}/exit`, 'utf8')
  } catch {
    return undefined
  }
  // Renamed into place, so it is whole; if somebody else broke it, it says nothing.
  const found = /^\{"exitCode":(\d+)(?:,"signal":(\d+))?,"at":"([^"]+)"\}\n?$/.exec(text)
  if (found === null) return undefined
  const [exitCode, signal, at] = [Number(found[1]), found[2], found[3] ?? '']
  return { exitCode, ...(signal === undefined ? {} : { signal: Number(signal) }), at: new Date(at) }
}
