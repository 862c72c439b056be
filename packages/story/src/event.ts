/**
 * The events of a story: how the run of a container is told. The daemon sends them as JSON lines (docs/story.md); the client puts in what it knows
 * (the command, output, statistics, sizes). `t` is milliseconds since the story's first event, and never goes back.
 */
import type { Facts } from './facts.ts'

export const STORY_VERSION = 1

/** A step as it will be made: its texts, not its arguments, so that it can be shown where there is no kernel. */
export type PlannedStep = {
  /** Stable: words are looked up by it. */
  id: string
  stage: string
  /** Which process makes the calls: the launcher, or the one that becomes the container. */
  where: 'host' | 'container'
  /** Decoded, as strace prints them. Of a step that is left out: what is not done. */
  calls: string[]
  shell: string[]
  man: string[]
  undo: string[]
  /** Done wrong on purpose: `left-out`, or the name of the fault that was built in. */
  faulty?: string
}

/** With `teardown` the index is one of the steps of the last `teardown` event; without, of the last `plan`. */
type Phase = { phase?: 'teardown' }

export type StoryEvent =
  /** The first one. `at` is the wall clock, ISO 8601. */
  | {
      type: 'head'
      t: number
      version: number
      at: string
      command: string[]
      container: { id: string; name: string; image: string }
      machine: { kernel: string; arch: string; cgroup: string; version: string }
    }
  /** All that is known of earlier steps and facts is void: a new attempt begins. The first is number 1; `back` begins the next. */
  | { type: 'plan'; t: number; attempt: number; steps: PlannedStep[] }
  /** The step begins: its gate is open. */
  | ({ type: 'step'; t: number; index: number } & Phase)
  /** A call has returned. `result` is what it returns, -errno for an error; with `failed` that error ends the start. */
  | ({
      type: 'call'
      t: number
      index: number
      text: string
      result: number
      /** `EEXIST`. */
      error?: string
      failed?: boolean
      durationNs: number
    } & Phase)
  /**
   * The kernel before step `index`; `index = steps.length`: when the command has begun. Only the sections that are not word for word as in the last
   * event of this attempt and phase.
   */
  | ({ type: 'facts'; t: number; index: number; sections: Facts } & Phase)
  /** The gate before step `index` is shut until a command comes. */
  | { type: 'waiting'; t: number; index: number }
  /** Something is taken back. */
  | { type: 'undo'; t: number; text: string; result: number; error?: string }
  /** All of the attempt is taken back. */
  | { type: 'undone'; t: number; reason: 'back' | 'abort' | 'failed'; message?: string }
  /** execve has succeeded. */
  | { type: 'started'; t: number; pid: number }
  /** What the container printed, base64. Put in by the client. */
  | { type: 'output'; t: number; stream: 'stdout' | 'stderr' | 'terminal'; data: string }
  /** Of docker's stats, put in by the client. Memory and what was read and written in bytes. */
  | {
      type: 'stats'
      t: number
      cpuPercent: number
      memory: number
      memoryLimit: number
      pids: number
      read: number
      written: number
    }
  /** The client's terminal. */
  | { type: 'resize'; t: number; columns: number; rows: number }
  /** The command has ended; what it leaves on the host is taken away in these steps. */
  | { type: 'teardown'; t: number; steps: PlannedStep[] }
  /** The last one. 125 and `error` where the command never ran. */
  | { type: 'exit'; t: number; exitCode: number; error?: string }

export type StoryCommand = { do: 'next' } | { do: 'stage' } | { do: 'continue' } | { do: 'back' } | { do: 'abort' }
