/** Runs a command in a running container: joins its namespaces and its cgroup. */
import * as fs from 'node:fs'
import * as path from 'node:path'
import { UserError } from '@mini-docker/syscall'
import type { ExecCreateBody } from '../api/bodies.ts'
import type { Container } from '../containers/model.ts'
import { userOf } from '../containers/start.ts'
import { containerEvent, type Engine } from '../engine.ts'
import { linkEnvironment } from '../networks/links.ts'
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
    const process = execProcess(
      container.record,
      {
        args: request.Cmd ?? [],
        env: request.Env ?? [],
        linkEnv: linkEnvironment(engine, container.record, { strict: false }),
        cwd: request.WorkingDir,
        tty: request.Tty,
        consoleSize,
        privileged: request.Privileged,
        user: userOf(
          engine,
          container.record,
          path.join(container.dir, 'upper'),
          request.User || container.record.config.User,
        ),
      },
      container.record.config.Hostname,
      engine.host.capabilities,
    )
    fs.mkdirSync(dir, { recursive: true, mode: 0o700 })
    const target = { pid: container.state.pid, cgroupPath: container.cgroupPath }
    const plan = engine.runtime.planExec(process, target, { directory: dir, openStdin: request.AttachStdin })
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

function finish(engine: Engine, exec: Exec, exitCode: number, dir: string): void {
  exec.running = false
  exec.exitCode = exitCode
  exec.monitor?.close()
  exec.monitor = undefined
  fs.rmSync(dir, { recursive: true, force: true })
  containerEvent(engine, exec.container, 'exec_die', { execID: exec.id, exitCode: String(exitCode) })
  engine.execs.expire(exec)
}
