/** Runs a command in a running container: joins its namespaces and its cgroup. */
import * as fs from 'node:fs'
import * as path from 'node:path'
import { UserError } from '@mini-docker/syscall'
import type { ExecCreateBody } from '../api/bodies.ts'
import type { Container } from '../containers/model.ts'
import { userOf } from '../containers/start.ts'
import { containerEvent, type Engine } from '../engine.ts'
import { linkEnvironment } from '../networks/links.ts'
import type { Plan } from '../runtime-port.ts'
import { execProcess } from '../spec/spec.ts'
import type { Exec } from './store.ts'

/** @throws UserError `conflict` when the container cannot take a command now, `invalid` for an empty one. */
export function createExec(engine: Engine, container: Container, request: ExecCreateBody): Exec {
  refuseStopped(container)
  const command = request.Cmd ?? []
  if (command.length === 0) throw new UserError('invalid', 'No exec command specified')
  if (command.some((word) => word.includes('\0'))) throw new UserError('invalid', 'a command cannot contain a NUL byte')
  const exec = engine.execs.add(container, request)
  containerEvent(engine, container, `exec_create: ${command.join(' ')}`, { execID: exec.id })
  return exec
}

function refuseStopped(container: Container): void {
  const { halfMade } = container
  if (halfMade?.pid !== undefined) return
  if (halfMade !== undefined)
    throw new UserError(
      'conflict',
      `container ${container.record.name} is half-made and has no process yet: it waits before the step ${halfMade.step}`,
    )
  if (container.state.status === 'paused')
    throw new UserError('conflict', `container ${container.record.name} is paused, unpause the container before exec`)
  if (container.state.status !== 'running') throw new UserError('conflict', `container ${container.id} is not running`)
}

/** May be started: once, and only while the container runs. @throws UserError `conflict`. */
export function claimExec(exec: Exec): void {
  refuseStopped(exec.container)
  if (exec.running) throw new UserError('conflict', `exec command ${exec.id} is already running`)
  if (exec.started) throw new UserError('conflict', `exec command ${exec.id} has already run`)
  exec.started = true
}

/**
 * Starts the claimed command; resolves when it runs.
 * @throws UserError with docker's words; the exit code is then 126 or 127.
 */
export async function startExec(engine: Engine, exec: Exec, consoleSize: [number, number] | undefined): Promise<void> {
  const { container, request } = exec
  const dir = path.join(container.dir, 'exec', exec.id)
  containerEvent(engine, container, `exec_start: ${(request.Cmd ?? []).join(' ')}`, { execID: exec.id })
  try {
    const plan = planExec(engine, container, request, dir, consoleSize)
    fs.mkdirSync(dir, { recursive: true, mode: 0o700 })
    const { pid, monitor } = await engine.runtime.startExec(plan, { output: exec.streams.starting() })
    exec.running = true
    exec.pid = pid
    exec.monitor = monitor
    exec.streams.started(monitor)
    const ended = (exitCode: number): void => {
      finish(engine, exec, exitCode, dir)
      exec.streams.ended()
    }
    monitor.exited
      .then(
        ({ exitCode }) => ended(exitCode),
        () => ended(137),
      )
      .catch((error: unknown) => engine.log(`end of exec ${exec.id}: ${String(error)}`))
  } catch (error) {
    const failure = engine.runtime.startFailure(error)
    finish(engine, exec, failure?.exitCode ?? 126, dir)
    if (failure === undefined) throw error
    throw new UserError(
      'invalid',
      `OCI runtime exec failed: exec failed: unable to start container process: ${failure.message}: unknown`,
      { cause: error },
    )
  }
}

/** The steps of it. `dir` is the exec's own folder, which need not be there yet. @throws UserError `conflict` for a container that does not run */
export function planExec(
  engine: Engine,
  container: Container,
  request: ExecCreateBody,
  dir: string,
  consoleSize: [number, number] | undefined,
): Plan {
  refuseStopped(container)
  const { record, state, cgroupPath } = container
  const user = userOf(engine, record, path.join(container.dir, 'upper'), request.User || record.config.User)
  const process = execProcess(
    record,
    {
      args: request.Cmd ?? [],
      env: request.Env ?? [],
      linkEnv: linkEnvironment(engine, record, { strict: false }),
      // A half-made container may not have the image's directories yet.
      cwd: request.WorkingDir || (container.halfMade === undefined ? '' : '/'),
      tty: request.Tty,
      consoleSize,
      privileged: request.Privileged,
      user,
    },
    record.config.Hostname,
    engine.host.capabilities,
  )
  return engine.runtime.planExec(
    process,
    { pid: container.halfMade?.pid ?? state.pid, cgroupPath },
    { directory: dir, openStdin: request.AttachStdin },
  )
}

function finish(engine: Engine, exec: Exec, exitCode: number, dir: string): void {
  exec.running = false
  exec.exitCode = exitCode
  exec.monitor?.close()
  exec.monitor = undefined
  fs.rmSync(dir, { recursive: true, force: true })
  containerEvent(engine, exec.container, 'exec_die', { execID: exec.id, exitCode: String(exitCode) })
  engine.execs.expire(exec)
}
