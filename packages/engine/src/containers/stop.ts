/** stop, kill, pause and unpause: signals and the freezer. */
import * as cgroup from '@mini-docker/cgroup'
import { SIGKILL, signalName, tell, UserError } from '@mini-docker/syscall'
import { containerEvent, type Engine } from '../engine.ts'
import { hearOfEnd } from '../faces/tracing.ts'
import type { Container } from './model.ts'
import { parseSignal } from './signals.ts'

const DEFAULT_TIMEOUT_SECONDS = 10
/** How long SIGKILL may take before the daemon reaches for the whole cgroup. */
const KILL_GRACE_MS = 2000

export type StopOptions = { signal: string | undefined; timeoutSeconds: number | undefined }

/** The stop signal, then after the timeout SIGKILL. False when it was not running. A negative timeout waits for ever. */
export async function stopContainer(engine: Engine, container: Container, options: StopOptions): Promise<boolean> {
  const wasHalfMade = engine.stories.giveUp(container, 'the container was stopped')
  // A start under way is waited for: then there is something to stop.
  await container.lock.run(() => undefined)
  return (await stopRunning(engine, container, options)) || wasHalfMade
}

/** For those who hold the container's lock. */
export async function stopRunning(
  engine: Engine,
  container: Container,
  { signal, timeoutSeconds }: StopOptions,
): Promise<boolean> {
  if (container.state.status === 'restarting') {
    container.cancelRestart()
    container.change({ stoppedByUser: true })
    containerEvent(engine, container, 'stop')
    return true
  }
  if (!container.alive) return false
  container.change({ stoppedByUser: true })
  const { config } = container.record
  const seconds = timeoutSeconds ?? config.StopTimeout ?? DEFAULT_TIMEOUT_SECONDS
  await sendSignal(engine, container, parseSignal(signal || config.StopSignal || 'SIGTERM'))
  const ended = await exitWithin(container, seconds < 0 ? undefined : seconds * 1000)
  if (!ended) await killAndWait(engine, container)
  containerEvent(engine, container, 'stop')
  return true
}

/** SIGKILL to the first process, and after a while to everything in the cgroup (a container in the host's pid namespace). */
export async function killAndWait(engine: Engine, container: Container): Promise<void> {
  await sendSignal(engine, container, SIGKILL)
  while (!(await exitWithin(container, KILL_GRACE_MS))) await cgroup.kill(engine.cgroups, container.cgroupPath)
}

/** docker kill. @throws UserError `conflict` when nothing runs. */
export async function killContainer(engine: Engine, container: Container, signalText: string): Promise<void> {
  const signal = parseSignal(signalText || 'SIGKILL')
  const wasHalfMade = engine.stories.giveUp(container, 'the container was killed')
  await container.lock.run(() => undefined)
  if (wasHalfMade && !container.alive) return
  if (!container.alive)
    throw new UserError(
      'conflict',
      `cannot kill container: ${container.record.name}: container ${container.id} is not running`,
    )
  if (signal === SIGKILL) container.change({ stoppedByUser: true })
  await sendSignal(engine, container, signal)
  containerEvent(engine, container, 'kill', { signal: String(signal) })
  // Docker's kill returns when SIGKILL has done its work.
  if (signal === SIGKILL && !(await exitWithin(container, KILL_GRACE_MS))) await killAndWait(engine, container)
}

/** A frozen process gets its signal when it thaws; one frozen by cgroup v1 cannot even be killed before. */
async function sendSignal(engine: Engine, container: Container, signal: number): Promise<void> {
  hearOfEnd(container)
  tell(
    'container.signal',
    () => `kill(${container.state.pid}, ${signalName(signal)})`,
    () => container.monitor?.signal(signal),
  )
  if (container.state.status !== 'paused') return
  await cgroup.thaw(engine.cgroups, container.cgroupPath)
  // It may have ended meanwhile.
  if (container.state.status === 'paused') container.change({ status: 'running' })
}

/** True when the container ended within the time; undefined waits for ever. */
function exitWithin(container: Container, milliseconds: number | undefined): Promise<boolean> {
  if (!container.alive) return Promise.resolve(true)
  return new Promise((resolve) => {
    const done = (ended: boolean) => (): void => {
      clearTimeout(timer)
      container.events.off('exit', onExit)
      resolve(ended)
    }
    const onExit = done(true)
    const timer = milliseconds === undefined ? undefined : setTimeout(done(false), milliseconds)
    container.events.on('exit', onExit)
  })
}

/** The freezer of the cgroup. @throws UserError `conflict`. */
export function pauseContainer(engine: Engine, container: Container): Promise<void> {
  return container.lock.run(async () => {
    if (container.state.status === 'paused')
      throw new UserError('conflict', `container ${container.id} is already paused`)
    if (!container.alive) throw new UserError('conflict', `container ${container.id} is not running`)
    await cgroup.freeze(engine.cgroups, container.cgroupPath)
    container.change({ status: 'paused' })
    containerEvent(engine, container, 'pause')
  })
}

/** @throws UserError `conflict`. */
export function unpauseContainer(engine: Engine, container: Container): Promise<void> {
  return container.lock.run(async () => {
    if (container.state.status !== 'paused') throw new UserError('conflict', `container ${container.id} is not paused`)
    await cgroup.thaw(engine.cgroups, container.cgroupPath)
    container.change({ status: 'running' })
    containerEvent(engine, container, 'unpause')
  })
}
