/** `start`: starts stopped containers; with `-a` or `-i` stays attached to one. */
import { containerPath, openWait, type ContainerInspect } from '../client/containers.ts'
import { openEngine } from '../client/open.ts'
import { runSession } from '../client/session.ts'
import { ApiError, type Engine } from '../client/engine.ts'
import type { Command } from '../cli/command.ts'
import { DETACH_KEYS } from '../cli/common-flags.ts'
import { CliError, exitWith } from '../cli/errors.ts'
import { daemonMessage } from '../cli/failure.ts'
import type { Flags } from '../cli/flags.ts'
import type { Terminal } from '../cli/terminal.ts'
import { followSize } from '../terminal/resize.ts'
import { forwardSignals } from '../terminal/signals.ts'

export const command: Command = {
  name: 'start',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  about: 'Start one or more stopped containers',
  faces: 'requests',
  flags: [
    { name: 'attach', short: 'a', kind: 'bool', help: 'Attach STDOUT/STDERR and forward signals' },
    DETACH_KEYS,
    { name: 'interactive', short: 'i', kind: 'bool', help: "Attach container's STDIN" },
    { name: 'checkpoint', kind: 'string', help: '', notBuilt: 'checkpoints come with a later part' },
    { name: 'checkpoint-dir', kind: 'string', help: '', notBuilt: 'checkpoints come with a later part' },
  ],
  words: { atLeast: 1 },
  async run(flags, names, terminal) {
    const engine = openEngine(terminal)
    if (!flags.bool('attach') && !flags.bool('interactive')) return startEach(engine, names, terminal)
    if (names.length > 1) throw new CliError('you cannot start and attach multiple containers at once')
    return startAttached(engine, names[0] ?? '', flags, terminal)
  },
}

async function startEach(engine: Engine, names: string[], terminal: Terminal): Promise<void> {
  const failed: string[] = []
  for (const name of names) {
    try {
      await engine.text('POST', containerPath(name, 'start'))
      terminal.out(`${name}\n`)
    } catch (error) {
      failed.push(name)
      terminal.err(`${daemonMessage(error as Error)}\n`)
    }
  }
  if (failed.length > 0) throw new CliError(`Error: failed to start containers: ${failed.join(', ')}`)
}

async function startAttached(engine: Engine, name: string, flags: Flags, terminal: Terminal): Promise<void> {
  const { Id: id, Config: config, HostConfig } = await engine.json<ContainerInspect>('GET', containerPath(name, 'json'))
  const stdin = flags.bool('interactive') && config.OpenStdin
  const detachKeys = flags.string('detach-keys')
  using stack = new DisposableStack()
  if (!config.Tty)
    stack.use(
      forwardSignals(terminal, (signal) => engine.text('POST', `/containers/${id}/kill`, { query: { signal } })),
    )
  const attached = await engine.hijack(`/containers/${id}/attach`, {
    query: { stream: true, stdin, stdout: true, stderr: true, detachKeys },
  })
  stack.defer(() => attached.socket.destroy())
  const wait = await openWait(engine, id, HostConfig.AutoRemove ? 'removed' : 'next-exit')
  const session = runSession(attached, terminal, { tty: config.Tty, stdin, stdout: true, stderr: true, detachKeys })
  session.catch(() => {})
  try {
    await engine.text('POST', `/containers/${id}/start`)
  } catch (error) {
    if (HostConfig.AutoRemove && error instanceof ApiError) await wait.exit.catch(() => {})
    throw error
  }
  if (config.Tty && terminal.isTty(1))
    stack.use(followSize(terminal, (query) => engine.text('POST', `/containers/${id}/resize`, { query })))
  if ((await session) === 'detached') return
  const { statusCode } = await wait.exit
  if (statusCode !== 0) throw exitWith(statusCode)
}
