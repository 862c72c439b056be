/**
 * The one door to `@mini-docker/runtime`: what the engine needs from it, as an interface. The daemon gets the real one
 * from `runtime.ts`; unit tests pass one that starts plain processes, so that the state machine is tested without root.
 */
import type { Call, Exit, Held, OutputListener, Step } from '@mini-docker/syscall'
import type { Process, Spec } from './oci.ts'

export type { Exit, OutputListener } from '@mini-docker/syscall'
export type { Process, Spec } from './oci.ts'

/** The overlay of one container. `lower` topmost first, relative to `layersDir`. */
export type Overlay = { layersDir: string; lower: string[]; upper: string; work: string; volatile: boolean }

export type PlanOptions = {
  /** `containers/<id>`: rootfs, monitor.sock, container.log and exit live here. */
  bundle: string
  overlay: Overlay
  cgroupPath: string
  /** Rotated json-file `container.log`; undefined writes none. */
  log: { maxBytes: number; maxFiles: number } | undefined
  openStdin: boolean
  autoRemove: boolean
  /** Process 1 is a small init that reaps orphans and passes signals on. */
  init: boolean
  /** Files that will be there when the plan is run. */
  filesToCome?: readonly string[]
  /** Steps of the container's networks, each where it has to stand. */
  network: { before: Step[]; born: Step[]; inside: Step[] }
}

export type ExecTarget = { pid: number; cgroupPath: string }
export type ExecOptions = { directory: string; openStdin: boolean }

/** Steps as data; what else the runtime needs to run them is its own. */
export type Plan = { steps: Step[] }

/** One line of a trace. `call` has the decoded arguments and the result, `exec` the pid, `exit` ends it. Times in nanoseconds. */
export type TraceEvent = { type: 'step' | 'call' | 'exec' | 'exit'; [field: string]: unknown }
export type Tracer = (event: TraceEvent) => void

/** Steps to leave out, by id, and faults to build in, by name. */
export type FaultRequest = { without: readonly string[]; faults: readonly string[] }

/** `marks[i]` is what is wrong with step `i` of the plan, `shown[i]` what is told of it: of a step that is left out, what is not done. */
export type FaultyPlan = { plan: Plan; marks: (string | undefined)[]; shown: Step[] }

export type StartOptions = {
  trace?: Tracer | undefined
  /** Gets the output from the first byte on. Ended with `Monitor.unsubscribe`. */
  output?: OutputListener | undefined
  /** Begun as soon as the first process has its network, waited for before it becomes the command; an error ends the start. */
  whileBorn?: ((pid: number) => Promise<void>) | undefined
  /** Asked before each step, which is made when the promise resolves. `pid` is the first process once it is born (`isChild`), before that the launcher. */
  gate?: ((step: Step, pid: number, isChild: boolean) => Promise<void>) | undefined
  /** Told when the start has failed and what it made is about to be undone. */
  onUndo?: (() => void) | undefined
}

/** The parent of a container's first process. It outlives the daemon; this is the connection to it. */
export interface Monitor {
  /** All output was delivered to the listeners before. Rejects when the monitor died without a status. */
  readonly exited: Promise<Exit>
  subscribe(listener: OutputListener): void
  unsubscribe(listener: OutputListener): void
  writeStdin(chunk: Uint8Array): Promise<void>
  closeStdin(): Promise<void> | void
  resize(rows: number, columns: number): void
  signal(number: number): void
  /** Ends the connection, not the container. */
  close(): void
}

/** What a failed start rejects with; everything it did is undone. */
export type StartFailure = { exitCode: number; message: string }

export interface Runtime {
  planContainer(spec: Spec, options: PlanOptions): Plan
  /** The plan, made wrong on purpose. @throws UserError `invalid` for what is not there or is refused. */
  withFaults(plan: Plan, request: FaultRequest): FaultyPlan
  /** Resolves when execve succeeded. */
  startContainer(plan: Plan, options: StartOptions): Promise<{ pid: number; monitor: Monitor }>
  planExec(process: Process, target: ExecTarget, options: ExecOptions): Plan
  startExec(plan: Plan, options: StartOptions): Promise<{ pid: number; monitor: Monitor }>
  connectMonitor(socketPath: string): Promise<Monitor>
  /** The durable exit status in a container's folder, when the monitor wrote one. */
  readExit(dir: string): Exit | undefined
  /** Recognises the error of a failed start. */
  startFailure(error: unknown): StartFailure | undefined
  /** Makes the `undo` calls of a plan, in order; what is already gone is fine. */
  undo(calls: readonly Call[]): Promise<void>
  /** Makes steps in a process that stays and holds what they made. `before` may refuse a step by throwing. */
  hold(steps: readonly Step[], before?: (step: Step) => void): Promise<Held>
  /** Makes steps of the host, to the end. */
  run(steps: readonly Step[]): Promise<void>
  /** Everything a plan leaves on the host, newest first. */
  undoCalls(steps: readonly Step[]): Call[]
}
