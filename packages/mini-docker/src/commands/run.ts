/**
 * `run`: create, attach, wait, start — in that order, so that no output and no exit can be missed.
 *
 *     create ──▶ attach (hijacked) ─┐
 *            └─▶ wait (next-exit)  ─┴─▶ start ──▶ resize ──▶ streams … ──▶ the exit of wait
 */
import { openWait, type Exit } from '../client/containers.ts'
import { ApiError, CannotConnect, type Engine } from '../client/engine.ts'
import { openEngine } from '../client/open.ts'
import { checkInputIsTty, runSession } from '../client/session.ts'
import type { Command } from '../cli/command.ts'
import { CliError, exitWith, PROGRAM, runFailure } from '../cli/errors.ts'
import { daemonMessage } from '../cli/failure.ts'
import type { Flags } from '../cli/flags.ts'
import type { Terminal } from '../cli/terminal.ts'
import { attachedStreams, createBody, type CreateBody } from '../create/body.ts'
import { createContainer } from '../create/create.ts'
import { CREATE_FLAGS, RUN_ONLY_FLAGS } from '../create/flags.ts'
import { followSize } from '../terminal/resize.ts'
import { forwardSignals } from '../terminal/signals.ts'
import { startFailureStatus } from './exit-status.ts'

export const command: Command = {
  name: 'run',
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  about: 'Create and run a new container from an image',
  faces: 'own',
  flags: [...CREATE_FLAGS, ...RUN_ONLY_FLAGS],
  words: { atLeast: 1 },
  stopAtFirstWord: true,
  run: (flags, words, terminal) => runFlags(flags, words, terminal, {}),
}

/** Runs what the flags and words say. `recordTo`: the file that the story goes into. */
export async function runFlags(
  flags: Flags,
  [image = '', ...words]: string[],
  terminal: Terminal,
  { recordTo }: { recordTo?: string },
): Promise<void> {
  if (flags.bool('json') && !flags.bool('explain') && !flags.bool('trace')) {
    throw runFailure('run', '--json needs --explain or --trace')
  }
  const body = bodyOf(flags, image, words, terminal)
  const engine = openEngine(terminal)
  if (flags.bool('explain')) return (await import('./explain.ts')).explain(engine, flags, body, terminal)
  if (!flags.bool('detach')) checkInputIsTty(terminal, { tty: body.Tty, stdin: body.AttachStdin })
  else if (flags.has('attach')) throw new CliError('conflicting options: cannot specify both --attach and --detach')
  if (recordTo !== undefined || STORY_FLAGS.some((name) => flags.has(name))) {
    const { runStory } = await import('../story/story-run.ts')
    return runStory({ engine, flags, body, terminal, recordTo, command: typedCommand() })
  }
  const id = await asRunFailure(() => createContainer(engine, flags, body, terminal))
  if (flags.bool('detach')) await runDetached(engine, id, flags, body, terminal)
  else await runAttached(engine, id, flags, body, terminal)
}

/** As the user typed it, without what says where the daemon is and where it is recorded. */
function typedCommand(): string[] {
  const words = process.argv.slice(2)
  return [PROGRAM, ...words.slice(Math.max(0, words.indexOf('run')))]
}

/** Those that need more than docker's run does: loaded only then. */
const STORY_FLAGS = ['tui', 'step', 'without', 'break', 'plain', 'i-know']

function bodyOf(flags: Flags, image: string, words: string[], terminal: Terminal): CreateBody {
  const size = flags.bool('tty') ? terminal.size() : undefined
  const context = {
    env: terminal.env,
    detach: flags.bool('detach'),
    ...(size === undefined ? {} : { consoleSize: size }),
  }
  try {
    return createBody(flags, image, words, context)
  } catch (error) {
    if (error instanceof CliError) throw error
    throw runFailure('run', (error as Error).message)
  }
}

async function runDetached(
  engine: Engine,
  id: string,
  flags: Flags,
  body: CreateBody,
  terminal: Terminal,
): Promise<void> {
  const trace = flags.bool('trace') ? await openTraceOf(engine, id, flags, terminal) : undefined
  // Before the start: a container that does not start is there all the same, and somebody may want to remove it.
  terminal.out(`${id}\n`)
  await start(engine, id, body.HostConfig.AutoRemove ? openWait(engine, id, 'removed') : undefined)
  await trace?.started
}

async function runAttached(
  engine: Engine,
  id: string,
  flags: Flags,
  body: CreateBody,
  terminal: Terminal,
): Promise<void> {
  const { stdin, stdout, stderr } = attachedStreams(flags, false)
  const detachKeys = flags.string('detach-keys')
  const attaching = engine.hijack(`/containers/${id}/attach`, {
    query: { stream: true, stdin, stdout, stderr, detachKeys },
  })
  const waiting = openWait(engine, id, body.HostConfig.AutoRemove ? 'removed' : 'next-exit')
  // Both are on their way at once; neither may fail unheard while the other is awaited.
  waiting.catch(() => {})
  using stack = new DisposableStack()
  const attached = await attaching
  stack.defer(() => attached.socket.destroy())
  const wait = await waiting
  const trace = flags.bool('trace') ? await openTraceOf(engine, id, flags, terminal) : undefined
  if (!flags.has('sig-proxy') || flags.bool('sig-proxy')) {
    stack.use(
      forwardSignals(terminal, (signal) => engine.text('POST', `/containers/${id}/kill`, { query: { signal } })),
    )
  }
  const session = runSession(attached, terminal, { tty: body.Tty, stdin, stdout, stderr, detachKeys })
  session.catch(() => {})
  await start(engine, id, body.HostConfig.AutoRemove ? waiting : undefined)
  if (body.Tty && terminal.isTty(1)) {
    stack.use(followSize(terminal, (query) => engine.text('POST', `/containers/${id}/resize`, { query })))
  }
  if ((await session) === 'detached') return
  const exit = await wait.exit
  await trace?.done
  report(exit, terminal)
}

function report(exit: Exit, terminal: Terminal): void {
  if (exit.error !== undefined) terminal.err(`Error waiting for container: ${exit.error}\n`)
  if (exit.statusCode !== 0) throw exitWith(exit.statusCode)
}

/** Starts the container. When that fails and `removal` is given, the container removes itself: the failure is told after that. */
async function start(engine: Engine, id: string, removal?: ReturnType<typeof openWait>): Promise<void> {
  try {
    await engine.text('POST', `/containers/${id}/start`)
  } catch (error) {
    await removal?.then(({ exit }) => exit).catch(() => {})
    throw failure(error)
  }
}

/** Listens for the system calls of the setup, to print them on stderr as they are made. */
async function openTraceOf(engine: Engine, id: string, flags: Flags, terminal: Terminal) {
  const { openTrace } = await import('./trace.ts')
  return openTrace(engine, id, flags.bool('json'), terminal)
}

async function asRunFailure<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw failure(error)
  }
}

function failure(error: unknown): unknown {
  if (error instanceof CliError || !(error instanceof Error)) return error
  if (error instanceof CannotConnect) return runFailure('run', error.message)
  return runFailure('run', daemonMessage(error), error instanceof ApiError ? startFailureStatus(error.message) : 125)
}
