/** How docker reads queries: booleans, integers and the JSON of `filters`. */
import { UserError } from '@mini-docker/syscall'
import { parseTimeQuery } from '../clock.ts'

/** Docker's BoolValue: everything but the empty string, 0, no, false and none is true. */
export function queryFlag(query: URLSearchParams, name: string, fallback = false): boolean {
  const value = query.get(name)
  if (value === null) return fallback
  return !['', '0', 'no', 'false', 'none'].includes(value.trim().toLowerCase())
}

/** A whole number, or undefined when not given. @throws UserError `invalid`. */
export function queryInteger(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name)
  if (value === null || value === '') return undefined
  if (!/^-?\d{1,15}$/.test(value))
    throw new UserError('invalid', `invalid value for ${name}: ${JSON.stringify(value)} is no whole number`)
  return Number(value)
}

/** `filters`: for each name the values that were asked for. */
export type Filters = Map<string, string[]>

/**
 * Reads `filters={"label":{"a=b":true}}`, and the older `{"label":["a=b"]}`.
 * @throws UserError `invalid` for other shapes and for names not in `known`, in docker's words.
 */
export function queryFilters(query: URLSearchParams, known: string[]): Filters {
  const text = query.get('filters')
  const filters: Filters = new Map()
  if (text === null || text === '') return filters
  for (const [name, values] of Object.entries(parseObject(text))) {
    if (!known.includes(name)) throw new UserError('invalid', `invalid filter '${name}'`)
    filters.set(name, valuesOf(values))
  }
  return filters
}

function parseObject(text: string): object {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new UserError('invalid', `invalid filters: ${text.slice(0, 100)} is no JSON`, { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UserError('invalid', 'invalid filters: not an object')
  return value
}

function valuesOf(values: unknown): string[] {
  if (Array.isArray(values) && values.every((value) => typeof value === 'string')) return values
  if (typeof values === 'object' && values !== null && !Array.isArray(values))
    return Object.entries(values).flatMap(([value, wanted]) => (wanted === true ? [value] : []))
  throw new UserError('invalid', 'invalid filters: every filter is a set of strings')
}

/** `label=key` or `label=key=value`: all of them must hold. `label!` is the opposite. */
export function matchLabels(filters: Filters, labels: Record<string, string>): boolean {
  const has = (wanted: string): boolean => {
    const equals = wanted.indexOf('=')
    if (equals === -1) return Object.hasOwn(labels, wanted)
    return labels[wanted.slice(0, equals)] === wanted.slice(equals + 1)
  }
  return (filters.get('label') ?? []).every(has) && !(filters.get('label!') ?? []).some(has)
}

/** True when the filter was not given, or one of its values passes. */
export function matchAny(filters: Filters, name: string, test: (value: string) => boolean): boolean {
  const values = filters.get(name)
  return values === undefined || values.length === 0 || values.some(test)
}

/** A filter with one truth value, such as `dangling=true`. @throws UserError `invalid`. */
export function filterFlag(filters: Filters, name: string): boolean | undefined {
  const value = filters.get(name)?.[0]
  if (value === undefined) return undefined
  if (['1', 'true', 't', 'True', 'TRUE'].includes(value)) return true
  if (['0', 'false', 'f', 'False', 'FALSE'].includes(value)) return false
  throw new UserError('invalid', `invalid filter '${name}=[${value}]'`)
}

/** A time: seconds since the epoch or RFC 3339, in nanoseconds; undefined when not given. @throws UserError `invalid`. */
export function queryTime(query: URLSearchParams, name: string): bigint | undefined {
  const text = query.get(name)
  const time = parseTimeQuery(text)
  if (time === undefined && text !== null && text !== '' && text !== '0')
    throw new UserError('invalid', `invalid value for ${name}: ${JSON.stringify(text)}`)
  return time
}

const UNIT_MS: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }

/**
 * The filter `until` of the prunes, in nanoseconds: what was made after it stays. A time as in `queryTime`, a date, or Go's
 * way to say how long ago (`24h`, `1h30m`). @throws UserError `invalid`: what is not understood must not mean "remove all".
 */
export function filterUntil(filters: Filters, nowMs = Date.now()): bigint | undefined {
  const [text, another] = filters.get('until') ?? []
  if (another !== undefined) throw new UserError('invalid', 'more than one until filter specified')
  if (text === undefined) return undefined
  const time = parseTimeQuery(text) ?? (/^\d{4}-\d\d-\d\d/.test(text) ? millisecondsAsNs(Date.parse(text)) : undefined)
  const until = time ?? (text === '0' ? 0n : agoNs(text, nowMs))
  if (until === undefined)
    throw new UserError('invalid', `invalid value for until: ${JSON.stringify(text)} is no time and no duration`)
  return until
}

function agoNs(text: string, nowMs: number): bigint | undefined {
  const parts = [...text.matchAll(/(\d{1,9}(?:\.\d{1,9})?)(ms|h|m|s)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined
  return millisecondsAsNs(parts.reduce((ms, [, count, unit]) => ms - Number(count) * (UNIT_MS[unit ?? ''] ?? 0), nowMs))
}

function millisecondsAsNs(milliseconds: number): bigint | undefined {
  return Number.isNaN(milliseconds) ? undefined : BigInt(Math.round(milliseconds)) * 1_000_000n
}
