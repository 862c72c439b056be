/** Waiting for the kernel where it sends no event: cgroup v1 has none, and a group is empty or frozen within milliseconds. */
import { setTimeout as sleep } from 'node:timers/promises'

const LONGEST_MS = 20

/**
 * Asks until the answer is true, at once and then after 1, 2, 4 … 20 ms.
 * @returns false when `timeoutMs` passed first.
 */
export async function poll(timeoutMs: number, check: (attempt: number) => boolean): Promise<boolean> {
  const end = performance.now() + timeoutMs
  for (let attempt = 0, waitMs = 1; ; attempt++, waitMs = Math.min(waitMs * 2, LONGEST_MS)) {
    if (check(attempt)) return true
    if (performance.now() >= end) return false
    await sleep(waitMs)
  }
}
