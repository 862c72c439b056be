/**
 * A program that stops before its last step and stays: what it holds (a mount namespace, detached mounts) exists for as long as it is
 * held, and goes when the holder lets go or dies, however it dies: the launcher reads the end of its control socket and exits.
 */
import { call, type Call, type Step } from './call.ts'
import { PR_SET_NAME } from './constants.ts'
import { runProgram, type LaunchOptions } from './launch.ts'
import { encodeProgram } from './program.ts'

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
  return {
    pid,
    results,
    ended: over,
    release: () => {
      letGo.resolve()
      return over
    },
  }
}

function step(id: string, calls: Call[]): Step {
  return { id, stage: 'rootfs', where: 'host', calls, shell: [], man: [] }
}
