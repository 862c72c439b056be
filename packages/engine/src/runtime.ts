/** The real runtime behind the engine's port: plans for this machine, run by the launcher. Needs root. */
import * as path from 'node:path'
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
  withFaults,
  type Plan as RuntimePlan,
} from '@mini-docker/runtime'
import {
  AT_FDCWD,
  currentListener,
  encodeProgram,
  errnoName,
  formatArgs,
  formatCall,
  hold,
  launcherFile,
  O_DIRECTORY,
  O_PATH,
  openat,
  runProgram,
  UserError,
  type LaunchEvent,
  type LauncherServer,
} from '@mini-docker/syscall'
import type { Plan, Runtime, StartOptions, TraceEvent } from './runtime-port.ts'

/**
 * A runtime that puts containers below the layout's parent group. `killBefore`, for tests of crashes, is the step of a start
 * before which daemon and launcher are killed.
 */
export function kernelRuntime(cgroups: CgroupLayout, server: LauncherServer, killBefore?: string): Runtime {
  const machine = { ...readMachine(), cgroups }
  return {
    planContainer: (spec, { init, ...options }) =>
      planContainer(spec, { ...options, ...(init ? { initFile: launcherFile() } : {}) }, machine),
    withFaults: (plan, request) => {
      const planned = real(plan)
      const { steps, marks, shown } = withFaults(planned.steps, request, planned.monitor)
      return { plan: { ...planned, steps }, marks, shown }
    },
    startContainer: (plan, options) => start(startContainer, plan, { ...options, server, killBefore }),
    planExec: (process, target, options) => planExec(process, target, options, machine),
    startExec: (plan, options) => start(startExec, plan, { ...options, server }),
    connectMonitor: (socketPath) =>
      withFolder(path.dirname(socketPath), async (folder) => {
        const monitor = await Monitor.connect(path.join(folder, path.basename(socketPath)))
        return { monitor }
      }).then(({ monitor }) => monitor),
    readExit: (directory) => {
      try {
        return readExit(directory)
      } catch {
        // Cut off by a full disk or a power failure: then it is as if it had not been written.
        return undefined
      }
    },
    startFailure: (error) =>
      error instanceof StartError ? { exitCode: error.exitCode, message: error.message } : undefined,
    hold: (steps, before) => hold(steps, { server, ...(before === undefined ? {} : { before }) }),
    run: (steps) => {
      const listener = currentListener()
      if (listener === undefined) return runProgram(encodeProgram([...steps]), { server })
      return runProgram(encodeProgram([...steps], { trace: true }), { server, onEvent: listener.launch })
    },
    undo,
    undoCalls,
  }
}

type Start = typeof startContainer
type Launch = StartOptions & { server: LauncherServer; killBefore?: string | undefined }

function start(run: Start, plan: Plan, options: Launch): ReturnType<Start> {
  const planned = real(plan)
  return withFolder(planned.directory, (directory) => run({ ...planned, directory }, launchOptions(options)))
}

/**
 * A container's folder under a path short enough for a socket in it: unix(7) allows 107 bytes, and an id has 64. The
 * descriptor behind that path lives as long as the monitor.
 */
async function withFolder<T extends { monitor: Monitor }>(
  directory: string,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const folder = openat(AT_FDCWD, directory, O_PATH | O_DIRECTORY)
  const close = (): void => folder[Symbol.dispose]()
  try {
    const result = await work(`/proc/self/fd/${folder.number}`)
    result.monitor.exited.then(close, close)
    return result
  } catch (error) {
    close()
    throw error
  }
}

/** Plans come from this runtime's own planners. */
function real(plan: Plan): RuntimePlan {
  if (!('monitor' in plan)) throw new UserError('invalid', 'a plan of another runtime')
  return plan as RuntimePlan
}

function launchOptions({ server, killBefore, trace, output, whileBorn, gate, onUndo }: Launch) {
  const told = trace === undefined ? currentListener()?.launch : (event: LaunchEvent) => trace(traceEvent(event))
  return {
    server,
    ...(killBefore === undefined ? {} : { killBefore }),
    ...(told === undefined ? {} : { trace: told }),
    ...(output === undefined ? {} : { output }),
    ...(whileBorn === undefined ? {} : { whileBorn }),
    ...(gate === undefined ? {} : { gate }),
    ...(onUndo === undefined ? {} : { onUndo }),
  }
}

/** An event of the launcher as JSON: arguments decoded as strace prints them, `text` the whole call. */
export function traceEvent(event: LaunchEvent): TraceEvent {
  const startNs = event.startNs.toString()
  switch (event.type) {
    case 'step':
      return { type: 'step', id: event.step.id, stage: event.step.stage, where: event.step.where, startNs }
    case 'started':
      return {
        type: 'exec',
        pid: event.pid,
        step: event.step.id,
        where: event.step.where,
        text: event.call === undefined ? '' : formatCall(event.call),
        startNs,
      }
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
