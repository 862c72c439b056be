/** Steps as text for golden files: one call a line, so that a plan's diff reads as what changes for the kernel. */
import type { Step } from '@mini-docker/syscall'

/** JSON with bigints as decimal strings and bytes as `hex:…`. */
export function stepsAsJson(steps: Step[]): string {
  const lines = steps.map((step) => {
    const { calls, ...rest } = step
    const rows = calls.map((one) => `    ${JSON.stringify(one, plain)}`).join(',\n')
    return `${JSON.stringify(rest, plain, 2).slice(0, -2)},\n  "calls": [\n${rows}\n  ]\n}`
  })
  return `${lines.join('\n')}\n`
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  // A Buffer has turned itself into {type, data} before a replacer sees it.
  if (typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value) {
    return `hex:${Buffer.from(value.data as number[]).toString('hex')}`
  }
  return value
}
