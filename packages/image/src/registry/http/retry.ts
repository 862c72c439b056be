/**
 * When to ask again, and how long to wait before: exponential backoff with jitter, so that a room of clients which were cut off
 * together does not come back together; or what the registry says in Retry-After (RFC 9110, 10.2.3: seconds or a date).
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { RegistryError } from '../error.ts'

export type RetryPolicy = {
  readonly tries: number
  readonly firstMs: number
  readonly longestMs: number
  readonly retryAfterMaxMs: number
}

export const defaultRetryPolicy: RetryPolicy = { tries: 5, firstMs: 300, longestMs: 10_000, retryAfterMaxMs: 60_000 }

const PASSING = new Set([408, 425, 429, 500, 502, 503, 504])

/** Whether the same request may succeed in a moment. */
export function isPassing(status: number): boolean {
  return PASSING.has(status)
}

/**
 * How long to wait before try `next` (2, 3 …); undefined when there is none: too many, or the registry wants to be left alone for
 * longer than anybody would sit and wait.
 */
export function delayBefore(next: number, policy: RetryPolicy, retryAfter?: string): number | undefined {
  if (next > policy.tries) return undefined
  const backoff = Math.min(policy.longestMs, policy.firstMs * 2 ** (next - 2))
  const jittered = backoff * (0.5 + Math.random() / 2)
  const asked = retryAfter === undefined ? undefined : parseRetryAfter(retryAfter, Date.now())
  if (asked === undefined) return jittered
  return asked > policy.retryAfterMaxMs ? undefined : Math.max(asked, jittered)
}

/** `120` or `Fri, 31 Dec 1999 23:59:59 GMT`, in ms from now; undefined for anything else. */
export function parseRetryAfter(text: string, nowMs: number): number | undefined {
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1000
  if (!/^[A-Z][a-z]{2},? /.test(text)) return undefined
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs)
}

/**
 * Runs `attempt` until it succeeds or its failure is not worth another; it is told why it runs again.
 * @throws what the last attempt threw; the signal's reason while waiting.
 */
export async function retrying<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  attempt: (note: string | undefined) => Promise<T>,
  worth: (error: RegistryError) => boolean = () => true,
): Promise<T> {
  let note: string | undefined
  for (let next = 2; ; next++) {
    try {
      return await attempt(note)
    } catch (error) {
      if (!(error instanceof RegistryError) || !error.retryable || !worth(error)) throw error
      const delayMs = delayBefore(next, policy, error.retryAfter)
      if (delayMs === undefined) throw error
      await wait(delayMs, signal)
      note = `retry ${next}, after ${(delayMs / 1000).toFixed(1)} s`
    }
  }
}

/** Waits, and not longer than the signal lets. @throws the signal's reason. */
export async function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    signal?.throwIfAborted()
    throw error
  })
}
