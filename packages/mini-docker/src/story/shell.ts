/** A shell to look around: in the half-made container as soon as it has a process, on the host before that. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { ApiError, type Engine } from '../client/engine.ts'
import { runSession } from '../client/session.ts'
import type { Terminal } from '../cli/terminal.ts'
import { followSize } from '../terminal/resize.ts'
import type { LiveRun } from './live.ts'

export type ShellPlace = 'container' | 'host'

/** Runs one until it ends; `tell` is called before it begins. Throws where there is none. */
export async function openShell(live: LiveRun, terminal: Terminal, tell: (place: ShellPlace) => void): Promise<void> {
  const tty = terminal.isTty(0) && terminal.isTty(1)
  const exec = await createExec(live, tty, terminal)
  tell(exec === undefined ? 'host' : 'container')
  if (exec === undefined) return shellOnHost(terminal)
  using stack = new DisposableStack()
  const { engine } = live.options
  const attached = await engine.hijack(`/exec/${exec}/start`, { json: { Detach: false, Tty: tty } })
  if (tty) stack.use(followSize(terminal, (query) => engine.text('POST', `/exec/${exec}/resize`, { query })))
  await runSession(attached, terminal, { tty, stdin: true, stdout: true, stderr: true })
}

/** Undefined while the container has no process. */
async function createExec(
  { options: { engine, id } }: LiveRun,
  tty: boolean,
  terminal: Terminal,
): Promise<string | undefined> {
  const size = tty ? terminal.size() : undefined
  const json = {
    Cmd: ['/bin/sh'],
    Tty: tty,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    ...(size !== undefined && { ConsoleSize: [size.rows, size.columns] }),
  }
  try {
    const { Id } = await engine.json<{ Id: string }>('POST', `/containers/${id}/exec`, { json })
    return Id
  } catch (error) {
    if (error instanceof ApiError && error.status === 409 && (await hasNoProcessYet(engine, id))) return undefined
    throw error
  }
}

/** A 409 has other reasons too: one that is paused, or has ended. */
async function hasNoProcessYet(engine: Engine, id: string): Promise<boolean> {
  const { State } = await engine.json<{ State: { HalfMade?: { Pid: number } } }>('GET', `/containers/${id}/json`)
  return State.HalfMade?.Pid === 0
}

async function shellOnHost(terminal: Terminal): Promise<void> {
  const shell = spawn(terminal.env['SHELL'] || '/bin/sh', [], { stdio: 'inherit' })
  await once(shell, 'exit')
}
