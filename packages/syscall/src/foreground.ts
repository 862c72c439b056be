/** A program in the foreground: its first process has this terminal, and one waits for its end. What `ns run`, and the first programs of the course, are made of. */
import { call, struct, type Call, type Step, type Where } from './call.ts'
import { CLONE_PIDFD, SIGCHLD } from './constants.ts'
import { launch, type LaunchOptions } from './launch.ts'
import { encodeProgram } from './program.ts'

/** The names that the clone3 of a program gives: the child's pid, and a descriptor that means this child and no later one. */
export const CHILD = 'child'
export const CHILD_PIDFD = 'child.pidfd'

export type NewProcess = {
  /** `CLONE_NEW…` flags: the namespaces in which the process is born. See clone(2). */
  flags?: number
  /** Made by the parent before the birth. */
  before?: Call[]
  /** Made by the parent when the child is there, which it can name: `ref('child')`. The child waits for it. */
  parent?: Call[]
  /** Made by the child, one after the other; the last is an execve, which `executeCalls` gives. */
  child: Call[]
  /** Every call as it has been made. */
  onEvent?: LaunchOptions['onEvent']
}

/**
 * A new process, described by its calls: born by clone3 with `flags`, prepared by its parent, and then by itself, until it becomes a command.
 * @returns the command's exit code, 128+n for signal n.
 * @throws LaunchError for a call that the kernel refused; nothing runs then.
 */
export async function newProcess({ flags = 0, before = [], parent = [], child, onEvent }: NewProcess): Promise<number> {
  const clone = struct('clone_args', {
    flags: BigInt(flags) | BigInt(CLONE_PIDFD),
    pidfd: { out: 4, as: [CHILD_PIDFD] },
    exit_signal: SIGCHLD,
  })
  const steps = [
    step('before', 'host', before),
    step('clone', 'host', [call('clone3', [clone, 88], { as: CHILD })]),
    step('parent', 'host', parent),
    step('child', 'container', child),
  ]
  return runForeground(steps, onEvent === undefined ? {} : { onEvent })
}

/**
 * Runs steps whose clone3 names its child `child` and `child.pidfd`, with this process's terminal, and returns the command's exit code, 128+n
 * for signal n. @throws LaunchError.
 */
export async function runForeground(steps: Step[], { onEvent }: Pick<LaunchOptions, 'onEvent'> = {}): Promise<number> {
  const program = encodeProgram(steps, {
    trace: onEvent !== undefined,
    monitor: { child: CHILD, pidfd: CHILD_PIDFD, foreground: true },
  })
  const { ended } = await launch(program, { stdio: 'inherit', ...(onEvent === undefined ? {} : { onEvent }) })
  return ended
}

function step(id: string, where: Where, calls: Call[]): Step {
  return { id, stage: 'process', where, calls, shell: [], man: [] }
}
