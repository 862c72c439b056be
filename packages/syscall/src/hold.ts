/**
 * A program that stops before its last step and stays: what it holds (a mount namespace, detached mounts) exists for as long as it is
 * held, and goes when the holder lets go or dies, however it dies: the launcher reads the end of its control socket and exits.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { call, type Call, type Step } from './call.ts'
import { PR_SET_NAME } from './constants.ts'
import { runProgram, type LaunchOptions } from './launch.ts'
import { encodeProgram } from './program.ts'
import { currentListener } from './tracing.ts'

export type HoldOptions = Pick<LaunchOptions, 'server'> & {
  /** Asked before each step; when it throws, nothing further is done and the error is thrown. */
  before?: (step: Step) => void
}

export type Held = {
  /** The process that holds. */
  readonly pid: number
  /** The results of the calls that have a name (`as`): descriptors are numbers of that process. */
  readonly results: ReadonlyMap<string, number>
  /** Resolves when the process is gone, whoever ended it. */
  readonly ended: Promise<void>
  /** Lets go and waits for the end. */
  release: () => Promise<void>
}

const PID = 'hold.pid'
/** What `ps` shows of the process. */
const HOLDER = 'mini-holder'

/** Makes the steps (all of them `host`) and keeps the process. @throws LaunchError when a call fails; nothing is left then. */
export async function hold(steps: readonly Step[], options: HoldOptions = {}): Promise<Held> {
  const results = new Map<string, number>()
  const listener = currentListener()
  const ready = Promise.withResolvers<void>()
  const letGo = Promise.withResolvers<void>()
  const last = step('hold.last', [])
  const ended = runProgram(
    encodeProgram(
      [
        step('hold.first', [
          call('prctl', [PR_SET_NAME, Buffer.from(`${HOLDER}\0`), 0, 0, 0]),
          call('getpid', [], { as: PID }),
        ]),
        ...steps,
        last,
      ],
      {
        trace: true,
        stepping: true,
      },
    ),
    {
      ...(options.server === undefined ? {} : { server: options.server }),
      onEvent: (event) => {
        listener?.launch(event)
        if (event.type === 'call' && event.call.as !== undefined) results.set(event.call.as, event.result)
      },
      gate: async (next) => {
        if (next.id !== last.id) return options.before?.(next)
        ready.resolve()
        await letGo.promise
      },
    },
  )
  // Who waits for the end hears of it by `ended`; a failure before that is thrown here.
  const over = ended.catch(() => {})
  await Promise.race([ready.promise, ended])
  const pid = results.get(PID)
  if (pid === undefined) throw new Error('the launcher ended before it held anything')
  const gone = over.then(() => untilDead(pid))
  return {
    pid,
    results,
    ended: gone,
    release: () => {
      letGo.resolve()
      return gone
    },
  }
}

/**
 * A process that exits closes its descriptors first and leaves its namespaces after: only a zombie, or none, holds no mounts any more.
 * Gives up after a second: then something else keeps it, and waiting would not help.
 */
async function untilDead(pid: number): Promise<void> {
  for (let tries = 0; tries < 500 && isAlive(pid); tries++) await delay(2)
}

function isAlive(pid: number): boolean {
  try {
    return new RegExp(`^\\d+ \\(${HOLDER}\\) [^ZX]`).test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

function step(id: string, calls: Call[]): Step {
  return { id, stage: 'rootfs', where: 'host', calls, shell: [], man: [] }
}
