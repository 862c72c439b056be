/**
 * A daemon at rest holds no more than it needs. V8 collects when memory runs short, which on a machine with gigabytes is never: after a pull or fifty
 * starts, a third of the daemon would be garbage, and free memory that nobody gets. So it is cleared up when no request is under way. Takes 50 ms.
 */
import { trimMalloc } from '@mini-docker/syscall'

/** So long without a request is rest. */
export const REST_MS = 2_000
/** Less than this is not worth the time. */
const GROWN_BYTES = 8 * 1024 * 1024

let kept = 0

/** Collects garbage and gives free pages back to the kernel, where this process has grown since the last time. Needs Node's `--expose-gc`. */
export function giveBackMemory(): void {
  if (globalThis.gc === undefined || process.memoryUsage.rss() < kept + GROWN_BYTES) return
  globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  trimMalloc()
  kept = process.memoryUsage.rss()
}
