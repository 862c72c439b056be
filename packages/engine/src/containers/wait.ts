/** POST /containers/{id}/wait: not-running, next-exit, removed. */
import { UserError } from '@mini-docker/syscall'
import type { Container } from './model.ts'

export type WaitCondition = 'not-running' | 'next-exit' | 'removed'

/** @throws UserError `invalid`, in docker's words. */
export function parseWaitCondition(text: string | null): WaitCondition {
  if (text === null || text === '') return 'not-running'
  if (text === 'not-running' || text === 'next-exit' || text === 'removed') return text
  throw new UserError('invalid', `invalid condition: "${text}"`)
}

/** Resolves with the exit code; undefined when `signal` was aborted first. Registered before it returns, so that a start right after cannot be missed. */
export function waitFor(
  container: Container,
  condition: WaitCondition,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (condition === 'not-running' && !container.running) return Promise.resolve(container.state.exitCode)
  return new Promise((resolve) => {
    const finish = (code: number | undefined): void => {
      container.events.off('exit', onExit)
      container.events.off('removed', onRemoved)
      signal.removeEventListener('abort', onAbort)
      resolve(code)
    }
    const onExit = (): void => finish(container.state.exitCode)
    // Also ends a next-exit: what is gone will not exit any more.
    const onRemoved = (): void => finish(container.state.exitCode)
    const onAbort = (): void => finish(undefined)
    if (condition !== 'removed') container.events.on('exit', onExit)
    container.events.on('removed', onRemoved)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
  })
}
