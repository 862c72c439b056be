/** `exec`: another process in a running container. */
import { containerPath } from '../client/containers.ts'
import { openEngine } from '../client/open.ts'
import { checkInputIsTty, runSession } from '../client/session.ts'
import type { Engine } from '../client/engine.ts'
import type { Command } from '../cli/command.ts'
import { DETACH_KEYS } from '../cli/common-flags.ts'
import { CliError, exitWith, runFailure } from '../cli/errors.ts'
import type { Flags } from '../cli/flags.ts'
import type { Terminal } from '../cli/terminal.ts'
import { environment } from '../create/environment.ts'
import { checkEnv } from '../create/checks.ts'
import { followSize } from '../terminal/resize.ts'

export const command: Command = {
  name: 'exec',
  usage: '[OPTIONS] CONTAINER COMMAND [ARG...]',
  about: 'Execute a command in a running container',
  faces: 'requests',
  flags: [
    { name: 'detach', short: 'd', kind: 'bool', help: 'Detached mode: run command in the background' },
    DETACH_KEYS,
    { name: 'env', short: 'e', kind: 'list', help: 'Set environment variables', check: checkEnv },
    { name: 'env-file', kind: 'list', help: 'Read in a file of environment variables' },
    { name: 'interactive', short: 'i', kind: 'bool', help: 'Keep STDIN open even if not attached' },
    { name: 'privileged', kind: 'bool', help: 'Give extended privileges to the command' },
    { name: 'tty', short: 't', kind: 'bool', help: 'Allocate a pseudo-TTY' },
    { name: 'user', short: 'u', kind: 'string', help: 'Username or UID (format: "<name|uid>[:<group|gid>]")' },
    { name: 'workdir', short: 'w', kind: 'string', help: 'Working directory inside the container' },
  ],
  words: { atLeast: 2 },
  stopAtFirstWord: true,
  async run(flags, [container = '', ...words], terminal) {
    const engine = openEngine(terminal)
    const body = execBody(flags, words, terminal)
    if (!flags.bool('detach') && body.Tty && body.AttachStdin && !terminal.isTty(0)) {
      // A container that is not there is the more important complaint.
      await engine.text('GET', containerPath(container, 'json'))
      checkInputIsTty(terminal, { tty: true, stdin: true })
    }
    const { Id: id } = await engine.json<{ Id: string }>('POST', containerPath(container, 'exec'), { json: body })
    if (id === '') throw new CliError('exec ID empty')
    if (flags.bool('detach')) await engine.text('POST', `/exec/${id}/start`, { json: { Detach: true, Tty: body.Tty } })
    else await runAttached(engine, id, body, terminal)
  },
}

/** The body of `POST /containers/{id}/exec`, as docker's client sends it. */
export function execBody(flags: Flags, words: readonly string[], terminal: Pick<Terminal, 'env' | 'size'>) {
  const attach = !flags.bool('detach')
  const tty = flags.bool('tty')
  const size = tty && attach ? terminal.size() : undefined
  return {
    User: flags.string('user') ?? '',
    Privileged: flags.bool('privileged'),
    Tty: tty,
    ...(size === undefined ? {} : { ConsoleSize: [size.rows, size.columns] }),
    AttachStdin: attach && flags.bool('interactive'),
    AttachStderr: attach,
    AttachStdout: attach,
    Detach: !attach,
    DetachKeys: flags.string('detach-keys') ?? '',
    Env: execEnvironment(flags, terminal.env),
    WorkingDir: flags.string('workdir') ?? '',
    Cmd: [...words],
  }
}

function execEnvironment(flags: Flags, env: Record<string, string | undefined>): string[] | null {
  try {
    return environment(flags, env)
  } catch (error) {
    throw runFailure('exec', (error as Error).message, 1)
  }
}

async function runAttached(
  engine: Engine,
  id: string,
  body: ReturnType<typeof execBody>,
  terminal: Terminal,
): Promise<void> {
  using stack = new DisposableStack()
  const attached = await engine.hijack(`/exec/${id}/start`, {
    json: {
      Detach: false,
      Tty: body.Tty,
      ...(body.ConsoleSize === undefined ? {} : { ConsoleSize: body.ConsoleSize }),
    },
  })
  if (body.Tty && terminal.isTty(1))
    stack.use(followSize(terminal, (query) => engine.text('POST', `/exec/${id}/resize`, { query })))
  const end = await runSession(attached, terminal, {
    tty: body.Tty,
    stdin: body.AttachStdin,
    stdout: true,
    stderr: true,
    detachKeys: body.DetachKeys,
  })
  if (end === 'detached') throw new CliError('read escape sequence')
  const { ExitCode } = await engine.json<{ ExitCode: number | null }>('GET', `/exec/${id}/json`)
  if (ExitCode !== 0) throw exitWith(ExitCode ?? 1)
}
