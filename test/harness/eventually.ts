/** Waiting for what the kernel or a daemon does in its own time. */

/**
 * Repeats `probe` until it returns something other than undefined or false, and returns that. When time is up, it throws
 * what the last try threw, or that `what` did not happen.
 */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  { timeoutMs = 15_000, everyMs = 25 } = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    let failure: unknown
    try {
      const value = await probe()
      if (value !== undefined && value !== false) return value
    } catch (error) {
      failure = error
    }
    if (performance.now() > deadline) throw new Error(`after ${timeoutMs} ms: ${what}`, { cause: failure })
    await sleep(everyMs)
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
