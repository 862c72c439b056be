/** Steps as JSON: buffers become base64, big integers decimal strings. */
export function plainSteps(steps: unknown): unknown {
  return JSON.parse(
    JSON.stringify(steps, function (this: Record<string, unknown>, key, value: unknown) {
      // Buffer has a toJSON that runs before this function sees the value.
      const original = this[key]
      if (typeof value === 'bigint') return { bigint: value.toString() }
      return original instanceof Uint8Array ? { base64: Buffer.from(original).toString('base64') } : value
    }),
  )
}
