/** How docker reads queries: booleans, integers and the JSON of `filters`. */
import { UserError } from '@mini-docker/syscall'

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
