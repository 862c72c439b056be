/** `run` with the story of how the container is made: on the screen (`--tui`, `--step`), as lines (`--plain`), or only into a recording. */
import { ApiError, type Engine } from '../client/engine.ts'
import { CliError, exitWith, runFailure } from '../cli/errors.ts'
import { daemonMessage } from '../cli/failure.ts'
import type { Flags } from '../cli/flags.ts'
import type { Terminal } from '../cli/terminal.ts'
import { startFailureStatus } from '../commands/exit-status.ts'
import { explainMissing, languageFrom } from '../commands/inspect-image.ts'
import type { CreateBody } from '../create/body.ts'
import { createContainer } from '../create/create.ts'
import type { Language } from '../faces/explain.ts'
import { canDraw } from '../tui/shared/can-draw.ts'
import { LiveRun, type LiveEnd } from './live.ts'
import type { Recorder } from './recorder.ts'

export type StoryRun = {
  engine: Engine
  flags: Flags
  body: CreateBody
  terminal: Terminal
  /** What the user typed. */
  command: readonly string[]
  /** Where to record it. */
  recordTo: string | undefined
}

/** How it is shown: `quiet` is as a run without a story. */
export type StoryMode = 'screen' | 'lines' | 'quiet'

/** What all of the ways to show it need. */
export type Showing = { live: LiveRun; terminal: Terminal; language: Language; isStepped: boolean; flags: Flags }

export async function runStory({ engine, flags, body, terminal, command, recordTo }: StoryRun): Promise<void> {
  checkFlags(flags, recordTo)
  const language = languageFrom(flags, terminal)
  const mode = modeOf(flags, terminal)
  const without = flags.list('without')
  const faults = flags.list('break')
  if (without.length > 0 || faults.length > 0) await warn(engine, { without, faults }, language, terminal)
  // What takes long to load is loaded while the container is created.
  const showing = mode === 'screen' ? import('./live-screen.ts') : undefined
  const words = import('./step-words.ts')
  const id = await asRunFailure(() => createContainer(engine, flags, body, terminal))
  using live = new LiveRun({
    engine,
    id,
    command,
    tty: body.Tty,
    stdin: body.AttachStdin,
    autoRemove: body.HostConfig.AutoRemove,
    detachKeys: flags.string('detach-keys'),
    story: { step: flags.bool('step'), facts: mode !== 'quiet' || recordTo !== undefined, without, faults },
  })
  using recorder = recordTo === undefined ? undefined : await openRecorder(recordTo)
  if (recorder !== undefined) live.tell(recorder)
  const run = async (): Promise<LiveEnd> =>
    live.run(async (ids) => ({ type: 'words', t: 0, steps: (await words).wordsOfSteps(ids) }))
  const shown = { live, terminal, language, isStepped: flags.bool('step'), flags }
  const end =
    showing === undefined
      ? await (await import('./live-lines.ts')).showLines(shown, mode === 'lines', run)
      : await (await showing).showOnScreen(shown, run)
  if (end !== 'detached') await finish(end, live, terminal)
}

function checkFlags(flags: Flags, recordTo: string | undefined): void {
  const name = ['tui', 'step'].find((one) => flags.bool(one)) ?? (recordTo === undefined ? undefined : 'record')
  if (flags.bool('detach') && name !== undefined)
    throw new CliError(
      `conflicting options: cannot specify both --detach and ${name === 'record' ? name : `--${name}`}`,
      125,
    )
  if (flags.bool('trace'))
    throw runFailure('run', '--trace tells the same as --tui, --step and record: give one of them')
  if ((flags.has('without') || flags.has('break')) && !flags.bool('i-know')) {
    throw runFailure(
      'run',
      '--without and --break make a container that is not contained as it should be, to see why a step is needed; add --i-know to say that you know',
    )
  }
}

function modeOf(flags: Flags, terminal: Terminal): StoryMode {
  if (!flags.bool('tui') && !flags.bool('step')) return 'quiet'
  return !flags.bool('plain') && canDraw(terminal) ? 'screen' : 'lines'
}

async function warn(
  engine: Engine,
  wrong: { without: readonly string[]; faults: readonly string[] },
  language: Language,
  terminal: Terminal,
): Promise<void> {
  const { warningsFor } = await import('./warnings.ts')
  for (const line of await asRunFailure(() => warningsFor(engine, wrong, language))) terminal.err(`${line}\n`)
}

async function openRecorder(path: string): Promise<Recorder> {
  const { Recorder: Made } = await import('./recorder.ts')
  try {
    return new Made(path)
  } catch (error) {
    throw new CliError(`mini-docker: cannot record into ${path}: ${(error as Error).message}`, 125, { cause: error })
  }
}

/** The container's own status, or what went wrong; a container that was given up leaves nothing behind, not even its name. */
async function finish({ exitCode, error }: LiveEnd, live: LiveRun, terminal: Terminal): Promise<void> {
  const { engine, id } = live.options
  if (!live.hasStarted)
    await engine.text('DELETE', `/containers/${id}`, { query: { force: true, v: true } }).catch(() => {})
  if (live.isAborted && !live.hasStarted) {
    terminal.err('mini-docker: given up before it ran; all that was made has been undone\n')
    throw exitWith(ABORTED)
  }
  if (error !== undefined) throw failure(error)
  if (exitCode !== 0) throw exitWith(exitCode)
}

/** As of a program that SIGINT ended. */
const ABORTED = 130

async function asRunFailure<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw failure(error)
  }
}

function failure(error: unknown): unknown {
  const missing = explainMissing(error, 'run --tui')
  if (missing instanceof CliError || !(error instanceof Error)) return missing
  return runFailure('run', daemonMessage(error), error instanceof ApiError ? startFailureStatus(error.message) : 125)
}
