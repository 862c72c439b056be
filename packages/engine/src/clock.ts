/** Times as docker writes them: RFC 3339 with nanoseconds. The clock of Node has microseconds; the last three digits are zero. */

/** Nanoseconds since the epoch, by the wall clock. */
export function nowNs(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n
}

/** `2026-11-20T19:35:04.673729Z`: trailing zeros of the fraction are left out, as Go's RFC3339Nano does. */
export function formatNs(ns: bigint): string {
  const seconds = new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19)
  const fraction = (ns % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '')
  return `${seconds}${fraction === '' ? '' : `.${fraction}`}Z`
}

export function nowRfc3339(): string {
  return formatNs(nowNs())
}

/** Go's zero time: "has not happened". */
export const NEVER = '0001-01-01T00:00:00Z'

/** Nanoseconds of an RFC 3339 time with up to nine digits of fraction; undefined for other text. */
export function parseRfc3339(text: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text)
  if (match === null) return undefined
  const milliseconds = Date.parse(`${match[1]}${match[3]}`)
  if (Number.isNaN(milliseconds)) return undefined
  return BigInt(milliseconds) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'))
}

/**
 * The time in a query (`since`, `until`): seconds since the epoch with an optional fraction, or RFC 3339.
 * Empty and `0` mean "not given".
 */
export function parseTimeQuery(text: string | null): bigint | undefined {
  if (text === null || text === '' || text === '0') return undefined
  const match = /^(-?\d{1,12})(?:\.(\d{1,9}))?$/.exec(text)
  if (match === null) return parseRfc3339(text)
  return BigInt(match[1] ?? '0') * 1_000_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'))
}
