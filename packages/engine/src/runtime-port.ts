/**
 * The one door to `@mini-docker/runtime`: what the engine needs from it, as an interface. The daemon gets the real one
 * from `runtime.ts`; unit tests pass one that starts plain processes, so that the state machine is tested without root.
 */
import type { Call, Step } from '@mini-docker/syscall'
import type { Process, Spec } from './oci.ts'

export type { Process, Spec } from './oci.ts'

/** The overlay of one container. `lower` topmost first, relative to `layersDir`. */
export type Overlay = { layersDir: string; lower: string[]; upper: string; work: string }

/** Where the monitor writes the output of a container, as docker's json-file; rotated to `path.1`, `path.2` … */
export type LogOptions = { path: string; maxBytes: number; maxFiles: number }

export type PlanOptions = {
  id: string
  /** `containers/<id>`: rootfs, monitor.sock and exit live here. */
  bundle: string
  overlay?: Overlay
  cgroupPath: string
  log?: LogOptions
  openStdin: boolean
  autoRemove: boolean
  /** Process 1 is a small init that reaps orphans and passes signals on. */
  init: boolean
}

export type ExecTarget = { pid: number; cgroupPath: string }
export type ExecOptions = { id: string; dir: string; openStdin: boolean }

/** Steps as data; what else the runtime needs to run them is its own. */
export type Plan = { steps: Step[] }

export type TraceEvent = { type: 'step' | 'call' | 'exec' | 'exit'; [field: string]: unknown }
export type Tracer = (event: TraceEvent) => void

export type ExitStatus = { exitCode: number; signal?: number | undefined; at: Date }

/** The parent of a container's first process. It outlives the daemon; this is the connection to it. */
export interface Monitor {
  /** Of the container's first process, in the daemon's pid namespace. */
  readonly pid: number
  /** All output was delivered to the subscribers before. Rejects when the monitor died without a status. */
  readonly exited: Promise<ExitStatus>
  /** Live output; with a tty everything is stream 1. A returned promise holds the output back until it resolves. */
  subscribe(listener: (stream: 1 | 2, chunk: Buffer) => void | Promise<void>): () => void
  writeStdin(chunk: Uint8Array): Promise<void>
  closeStdin(): void
  resize(rows: number, columns: number): void
  signal(number: number): void
  /** Ends the connection, not the container. */
  close(): void
}

/** What a failed start rejects with; everything it did is undone. */
export type StartFailure = { exitCode: number; message: string; code?: string | undefined }

export interface Runtime {
  planContainer(spec: Spec, options: PlanOptions): Plan
  /** Resolves when execve succeeded. */
  startContainer(plan: Plan, tracer?: Tracer): Promise<{ pid: number; monitor: Monitor }>
  planExec(process: Process, target: ExecTarget, options: ExecOptions): Plan
  startExec(plan: Plan): Promise<{ pid: number; monitor: Monitor }>
  connectMonitor(socketPath: string): Promise<Monitor>
  /** The durable exit status in `containers/<id>`, when the monitor wrote one. */
  readExit(dir: string): ExitStatus | undefined
  /** Recognises the error of a failed start. */
  startFailure(error: unknown): StartFailure | undefined
  /** Makes the `undo` calls of a plan, in order; what is already gone is fine. */
  undo(calls: Call[]): void
}

/** Everything a plan leaves on the host, newest first. */
export function undoCalls(steps: Step[]): Call[] {
  return steps.toReversed().flatMap((step) => step.undo ?? [])
}
