/** Steps as the daemon sends them: JSON cannot hold bytes and big integers, which come as `{base64}` and `{bigint}`. */
import type { ExplainedStep } from './explain.ts'

/** Puts bytes and big integers back. The daemon is trusted to send steps; nothing here is executed. */
export function reviveSteps(text: string): ExplainedStep[] {
  const { steps } = JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value
    if ('base64' in value && typeof value.base64 === 'string') return Buffer.from(value.base64, 'base64')
    if ('bigint' in value && typeof value.bigint === 'string') return BigInt(value.bigint)
    return value
  }) as { steps: ExplainedStep[] }
  return steps
}
