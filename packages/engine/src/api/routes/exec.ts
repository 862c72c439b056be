/** /exec: commands in running containers. */
import { UserError } from '@mini-docker/syscall'
import { connectionClient } from '../../attach/connection.ts'
import { parseDetachKeys } from '../../attach/detach-keys.ts'
import { frame, streamType } from '../../attach/frames.ts'
import { containerEvent, type Engine } from '../../engine.ts'
import { claimExec, createExec, startExec } from '../../exec/start.ts'
import type { Exec } from '../../exec/store.ts'
import { execCreateBody, execStartBody } from '../bodies.ts'
import type { Exchange } from '../exchange.ts'
import { queryInteger } from '../query.ts'
import type { Routes } from '../router.ts'
import { checkSize } from './containers.ts'

export const execRoutes: Routes<Engine> = {
  'POST /containers/{id}/exec': async (exchange, engine) => {
    const container = engine.containers.find(exchange.params['id'] ?? '')
    const body = await exchange.readJson(execCreateBody)
    parseDetachKeys(body.DetachKeys)
    exchange.json(201, { Id: createExec(engine, container, body).id })
  },
  'POST /exec/{id}/start': start,
  'POST /exec/{id}/resize': (exchange, engine) => {
    const exec = engine.execs.find(exchange.params['id'] ?? '')
    const [rows, columns] = [queryInteger(exchange.query, 'h') ?? 0, queryInteger(exchange.query, 'w') ?? 0]
    checkSize(rows, columns)
    if (exec.monitor === undefined) throw new UserError('conflict', `exec process ${exec.id} is not running`)
    exec.monitor.resize(rows, columns)
    exchange.empty(200)
  },
  'GET /exec/{id}/json': (exchange, engine) =>
    exchange.json(200, execJson(engine.execs.find(exchange.params['id'] ?? ''))),
}

async function start(exchange: Exchange, engine: Engine): Promise<void> {
  const exec = engine.execs.find(exchange.params['id'] ?? '')
  const body = await exchange.readJson(execStartBody)
  claimExec(exec)
  const consoleSize = body.ConsoleSize ?? exec.request.ConsoleSize ?? undefined
  if (body.Detach) {
    await startExec(engine, exec, consoleSize)
    return exchange.empty(200)
  }
  const { Tty: tty, AttachStdin: stdin, AttachStdout: stdout, AttachStderr: stderr } = exec.request
  const raw = exchange.hijack(streamType(tty, exchange.minor))
  const client = connectionClient(raw, {
    tty,
    stdin,
    stdout: stdout || (tty && stderr),
    stderr: stderr && !tty,
    closesStdin: true,
    detachKeys: parseDetachKeys(exec.request.DetachKeys),
    onDetach: () => containerEvent(engine, exec.container, 'exec_detach', { execID: exec.id }),
  })
  const leave = exec.streams.add(client)
  exchange.gone.addEventListener('abort', leave, { once: true })
  try {
    await startExec(engine, exec, consoleSize)
  } catch (error) {
    // The connection is no HTTP any more: docker writes the words into the stream, and the exit code is asked for afterwards.
    const words = Buffer.from(`${error instanceof Error ? error.message : String(error)}\r\n`)
    raw.output.end(tty ? words : frame(1, words))
    raw.input.resume()
  }
}

function execJson(exec: Exec): object {
  const { request } = exec
  const [entrypoint = '', ...args] = request.Cmd ?? []
  return {
    ID: exec.id,
    Running: exec.running,
    ExitCode: exec.exitCode,
    ProcessConfig: {
      tty: request.Tty,
      entrypoint,
      arguments: args,
      privileged: request.Privileged,
      ...(request.User === '' ? {} : { user: request.User }),
    },
    OpenStdin: request.AttachStdin,
    OpenStderr: request.AttachStderr,
    OpenStdout: request.AttachStdout,
    CanRemove: false,
    ContainerID: exec.container.id,
    DetachKeys: request.DetachKeys,
    Pid: exec.pid,
  }
}
