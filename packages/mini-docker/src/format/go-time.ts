/** Points in time and durations as docker's flags take them: `--since 10m`, `2026-11-20T19:35:00`, `1795203302.5`. */

const UNIT_SECONDS: Record<string, number> = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 }

/** Go's time.ParseDuration in seconds, or undefined. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  if (!/^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined
  const total = [...text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g)].reduce(
    (sum, [, value, unit]) => sum + Number(value) * (UNIT_SECONDS[unit ?? ''] ?? 0),
    0,
  )
  return text.startsWith('-') ? -total : total
}

/**
 * The timestamp for the API: seconds of the epoch, with nanoseconds behind a point when there are any. A duration counts
 * back from `nowMs`. Throws `failed to parse value as time or duration`.
 */
export function parseTimestamp(text: string, nowMs: number): string {
  const duration = parseDuration(text)
  if (duration !== undefined) return String(Math.floor(nowMs / 1000 - duration))
  if (/^\d+(\.\d+)?$/.test(text)) return text
  const match = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2})(?::(\d{2})(?::(\d{2})(?:\.(\d+))?)?)?)?(Z|[+-]\d{2}:\d{2})?$/.exec(
    text,
  )
  if (match === null) throw new Error(`failed to parse value as time or duration: ${JSON.stringify(text)}`)
  const [, day, hour = '00', minute = '00', second = '00', fraction = '', zone = ''] = match
  const milliseconds = Date.parse(`${day}T${hour}:${minute}:${second}${zone}`)
  if (Number.isNaN(milliseconds)) throw new Error(`failed to parse value as time or duration: ${JSON.stringify(text)}`)
  return `${milliseconds / 1000}${fraction === '' ? '' : `.${fraction.padEnd(9, '0').slice(0, 9)}`}`
}

/** Go's time.Time.String() of a time in RFC 3339, in its own zone: `2026-11-20 10:00:00.1 +0000 UTC`. */
export function goTimeOf(rfc3339: string): string {
  const match = /^(.{10})T(\d{2}:\d{2}:\d{2})(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.exec(rfc3339)
  if (match === null) return rfc3339
  const [, day, time, fraction = '', zone = ''] = match
  const offset = zone === 'Z' ? '+0000' : zone.replace(':', '')
  return `${day} ${time}${fraction.replace(/\.?0+$/, '')} ${offset} ${zone === 'Z' ? 'UTC' : offset}`
}
