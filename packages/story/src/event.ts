/** The events of a story: how a run is told. `t` is milliseconds since the story's first event. */
import type { Facts } from './facts.ts'

export const STORY_VERSION = 1

export type PlannedStep = {
  id: string
  stage: string
  where: 'host' | 'container'
  calls: string[]
  shell: string[]
  man: string[]
  undo: string[]
  /** Left out on purpose, or the fault that was built in. */
  faulty?: string
}

type Phase = { phase?: 'teardown' }

export type StoryEvent =
  | {
      type: 'head'
      t: number
      version: number
      at: string
      command: string[]
      container: { id: string; name: string; image: string }
      machine: { kernel: string; arch: string; cgroup: string; version: string }
    }
  | { type: 'plan'; t: number; attempt: number; steps: PlannedStep[] }
  | ({ type: 'step'; t: number; index: number; startNs?: string } & Phase)
  | ({
      type: 'call'
      t: number
      index: number
      text: string
      result: number
      error?: string
      failed?: boolean
      durationNs: number
    } & Phase)
  | ({ type: 'facts'; t: number; index: number; sections: Facts } & Phase)
  | { type: 'waiting'; t: number; index: number }
  | { type: 'undo'; t: number; text: string; result: number; error?: string }
  | { type: 'undone'; t: number; reason: 'back' | 'abort' | 'failed'; message?: string }
  | { type: 'started'; t: number; pid: number }
  | { type: 'output'; t: number; stream: 'stdout' | 'stderr' | 'terminal'; data: string }
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
  | { type: 'resize'; t: number; columns: number; rows: number }
  | { type: 'teardown'; t: number; steps: PlannedStep[] }
  | { type: 'exit'; t: number; exitCode: number; error?: string }

export type StoryCommand = { do: 'next' } | { do: 'stage' } | { do: 'continue' } | { do: 'back' } | { do: 'abort' }
