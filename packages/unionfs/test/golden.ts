/** Steps as text for golden files: one call a line, so that a plan's diff reads as what changes for the kernel. */
import type { Step } from '@mini-docker/syscall'

export function stepAsJson(step: Step): string {
  const { calls, ...rest } = step
  const rows = calls.map((one) => `    ${JSON.stringify(one)}`).join(',\n')
  return `${JSON.stringify(rest, undefined, 2).slice(0, -2)},\n  "calls": [\n${rows}\n  ]\n}\n`
}
