/**
 * A check reads the kernel, not the program: it is given the number of a process that somebody's container runtime made, and says what it
 * finds there. So one check grades a learner's forty lines, mini-docker, docker and runc alike.
 */

import type { Program } from './program.ts'

export type Language = 'en' | 'ja'
/** Words in both languages of the course. */
export type Words = Record<Language, string>

/** `pass`; `not-yet`: not so, and why; `broken`: the machine is not as it was before, and how to mend it; `skipped`: it cannot be seen here. */
export type Answer = 'pass' | 'not-yet' | 'broken' | 'skipped'

export type Finding = {
  /** Stable: `02.hostname`. */
  id: string
  answer: Answer
  /** What is wanted, as a sentence that is true when it passes. */
  says: Words
  /** What was seen, and where: `/proc/4711/ns/uts is uts:[4026531838]`. */
  saw?: string
  /** Why not yet, or how to mend it. */
  hint?: Words
}

/** What a check is given to look at. */
export type Subject = {
  /** The process in the container, as the host numbers it. It sleeps. */
  pid: number
  /** Runs the program once more with another command; what it prints and how it ends. */
  run: (...command: string[]) => Promise<Ended>
}

export type Ended = { exitCode: number; output: string }

/** What was made for the program, and the variables by which its command line can name it: `$PID`. */
export type Prepared = AsyncDisposable & { env: Record<string, string> }

export type Check = {
  /** `02` */
  chapter: string
  /** What mini-docker is started with when nobody says `--cmd`: `run --rm demo`. */
  miniDocker: string
  /** Makes what the program needs, for the time of the check. Its control groups are then not expected to go with the program. */
  prepare?: (program: Program) => Promise<Prepared | undefined>
  look: (subject: Subject) => Promise<Finding[]> | Finding[]
}

/** A finding from a yes or no. The hint is told only when it is no. */
export function finding(
  id: string,
  isSo: boolean,
  { says, saw, hint }: { says: Words; saw?: string; hint?: Words },
): Finding {
  return {
    id,
    answer: isSo ? 'pass' : 'not-yet',
    says,
    ...(saw === undefined ? {} : { saw }),
    ...(isSo || hint === undefined ? {} : { hint }),
  }
}
