/**
 * Work that no program of the launcher does, told to whoever asked for it: a system call of this process, a program of the host such as nft, a file that
 * is written. Who listens is a matter of the asynchronous context, so what is done for one request is told to that request alone, however many run.
 * Nobody listens: one look at a variable, nothing else.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { LaunchEvent } from './events.ts'

/** Something that was done. `result` is what a system call returns; `error` is the name of an errno, or the code of another error. */
export type Work = {
  step: string
  text: string
  /** CLOCK_MONOTONIC, as in the events of the launcher. */
  startNs: bigint
  durationNs: number
  result: number
  error?: string
}

export type Listener = { work: (work: Work) => void; launch: (event: LaunchEvent) => void }

const listeners = new AsyncLocalStorage<Listener>()

/** Runs `body`; what is done in it, and in what it starts, is told to the listener. */
export function listening<T>(listener: Listener, body: () => T): T {
  return listeners.run(listener, body)
}

/** Who is told of what is done here. */
export function currentListener(): Listener | undefined {
  return listeners.getStore()
}

/** Does the work and tells of it when it is done. `text` is only made when somebody listens. A number that it gives is its result. */
export function tell<T>(step: string, text: () => string, work: () => T): T {
  const listener = listeners.getStore()
  if (listener === undefined) return work()
  const startNs = process.hrtime.bigint()
  const done = (result: number, error?: string): void =>
    listener.work({
      step,
      text: text(),
      startNs,
      durationNs: Number(process.hrtime.bigint() - startNs),
      result,
      ...(error === undefined ? {} : { error }),
    })
  try {
    const value = work()
    if (!(value instanceof Promise)) {
      done(typeof value === 'number' ? value : 0)
      return value
    }
    return settled(value, done) as T
  } catch (error) {
    done(-1, codeOf(error))
    throw error
  }
}

/** Does work whose parts nobody is told of: what `tell` tells as a whole. */
export function untold<T>(work: () => T): T {
  return listeners.exit(work)
}

async function settled(work: Promise<unknown>, done: (result: number, error?: string) => void): Promise<unknown> {
  try {
    const value = await work
    done(0)
    return value
  } catch (error) {
    done(-1, codeOf(error))
    throw error
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'failed'
}
