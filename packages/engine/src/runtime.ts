/** The real runtime behind the engine's port: plans for this machine, run by the launcher. Needs root. */
import type { CgroupLayout } from '@mini-docker/cgroup'
import {
  Monitor,
  planContainer,
  planExec,
  readExit,
  readMachine,
  startContainer,
  StartError,
  startExec,
  undo,
  undoCalls,
  type Plan as RuntimePlan,
} from '@mini-docker/runtime'
import { errnoName, formatArgs, formatCall, launcherFile, UserError, type LaunchEvent } from '@mini-docker/syscall'
import type { Plan, Runtime, StartOptions, TraceEvent, Tracer } from './runtime-port.ts'

/** A runtime that puts containers below the layout's parent group. */
export function kernelRuntime(cgroups: CgroupLayout): Runtime {
  const machine = { ...readMachine(), cgroups }
  return {
    planContainer: (spec, { init, ...options }) =>
      planContainer(spec, { ...options, ...(init ? { initFile: launcherFile() } : {}) }, machine),
    startContainer: (plan, options) => startContainer(real(plan), launchOptions(options)),
    planExec: (process, target, options) => planExec(process, target, options, machine),
    startExec: (plan, options) => startExec(real(plan), launchOptions(options)),
    connectMonitor: (path) => Monitor.connect(path),
    readExit,
    startFailure: (error) =>
      error instanceof StartError ? { exitCode: error.exitCode, message: error.message } : undefined,
    undo,
    undoCalls,
  }
}

/** Plans come from this runtime's own planners. */
function real(plan: Plan): RuntimePlan {
  if (!('monitor' in plan)) throw new UserError('invalid', 'a plan of another runtime')
  return plan as RuntimePlan
}

function launchOptions({ trace, output }: StartOptions) {
  return {
    ...(trace === undefined ? {} : { trace: (event: LaunchEvent) => report(event, trace) }),
    ...(output === undefined ? {} : { output }),
  }
}

function report(event: LaunchEvent, trace: Tracer): void {
  trace(traceEvent(event))
}

/** An event of the launcher as JSON: arguments decoded as strace prints them, `text` the whole call. */
export function traceEvent(event: LaunchEvent): TraceEvent {
  const startNs = event.startNs.toString()
  switch (event.type) {
    case 'step':
      return { type: 'step', id: event.step.id, stage: event.step.stage, where: event.step.where, startNs }
    case 'started':
      return { type: 'exec', pid: event.pid, startNs }
    case 'call':
    case 'failed': {
      const { step, call } = event
      const result = event.type === 'call' ? event.result : -event.errno
      const error = result < 0 && result >= -4095 ? { error: errnoName(-result) ?? `E${-result}` } : {}
      const described = call === undefined ? {} : { name: call.name, args: formatArgs(call), text: formatCall(call) }
      const failed = event.type === 'failed' ? { failed: true } : {}
      return {
        type: 'call',
        step: step.id,
        where: step.where,
        ...described,
        result,
        ...error,
        ...failed,
        startNs,
        durationNs: Number(event.durationNs),
      }
    }
  }
}
