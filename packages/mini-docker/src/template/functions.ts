/** The functions of Go's text/template, and docker's own: json, split, join, lower, upper, title, pad, truncate. */
import { sprintf } from './printf.ts'
import { goJson, goTypeOf, isTrue, printValue, Row } from './values.ts'

export type TemplateFunction = (...values: unknown[]) => unknown

/** Everything a template may call, except `and` and `or`, which the executor does (they stop early). */
export const FUNCTIONS: Record<string, TemplateFunction> = {
  not: (value) => !isTrue(value),
  len: (value) => {
    if (typeof value === 'string') return Buffer.byteLength(value)
    if (Array.isArray(value)) return value.length
    if (value instanceof Map) return value.size
    throw new Error(`len of type ${goTypeOf(value)}`)
  },
  index: (value, ...keys) => keys.reduce(indexOne, value),
  slice: (value, from = 0, to) => {
    if (typeof value !== 'string' && !Array.isArray(value))
      throw new Error(`can't slice item of type ${goTypeOf(value)}`)
    const end = to === undefined ? value.length : Number(to)
    if (Number(from) < 0 || Number(from) > end || end > value.length)
      throw new Error(`index out of range: ${Number(from) > end ? String(from) : end}`)
    return value.slice(Number(from), end)
  },
  print: (...values) => print(values),
  println: (...values) => `${values.map(printValue).join(' ')}\n`,
  printf: (format, ...values) => sprintf(String(format), values),
  eq: (first, ...others) => {
    if (others.length === 0) throw new Error('missing argument for comparison')
    return others.some((other) => equal(first, other))
  },
  ne: (a, b) => !equal(a, b),
  lt: (a, b) => compare(a, b) < 0,
  le: (a, b) => compare(a, b) <= 0,
  gt: (a, b) => compare(a, b) > 0,
  ge: (a, b) => compare(a, b) >= 0,
  html: (...values) =>
    print(values).replace(/[&<>"']/g, (char) =>
      `&#${char.charCodeAt(0)};`.replace('&#38;', '&amp;').replace('&#60;', '&lt;').replace('&#62;', '&gt;'),
    ),
  urlquery: (...values) => encodeURIComponent(print(values)).replace(/%20/g, '+'),

  json: (value) => goJson(value),
  split: (value, separator) => String(value).split(String(separator)),
  join: (value, separator) => {
    if (!Array.isArray(value)) throw new Error(`wrong type for value; expected []string; got ${goTypeOf(value)}`)
    return value.map(printValue).join(String(separator))
  },
  lower: (value) => text(value).toLowerCase(),
  upper: (value) => text(value).toUpperCase(),
  title: (value) =>
    text(value).replace(/(^|[\s])(\p{L})/gu, (_all, before: string, letter: string) => before + letter.toUpperCase()),
  pad: (value, before, after) =>
    text(value) === '' ? '' : ' '.repeat(Number(before)) + text(value) + ' '.repeat(Number(after)),
  truncate: (value, length) => Array.from(text(value)).slice(0, Number(length)).join(''),
}

/** For the header line of a table: the same names, which give the column's title back unchanged. */
export const HEADER_FUNCTIONS: Record<string, TemplateFunction> = {
  ...FUNCTIONS,
  ...Object.fromEntries(
    ['json', 'split', 'join', 'lower', 'upper', 'title', 'pad', 'truncate'].map((name) => [
      name,
      (value: unknown) => value,
    ]),
  ),
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new Error(`wrong type for value; expected string; got ${goTypeOf(value)}`)
  return value
}

/** Sprint: a space between two operands when neither is a string. */
function print(values: unknown[]): string {
  return values
    .map(
      (value, index) =>
        (index > 0 && typeof value !== 'string' && typeof values[index - 1] !== 'string' ? ' ' : '') +
        printValue(value),
    )
    .join('')
}

function indexOne(value: unknown, key: unknown): unknown {
  if (value instanceof Map) return value.get(String(key)) ?? null
  if (typeof value === 'string' || Array.isArray(value)) {
    if (typeof key !== 'number') throw new Error(`cannot index slice/array with type ${goTypeOf(key)}`)
    if (key < 0 || key >= value.length) throw new Error(`error calling index: reflect: slice index out of range`)
    return typeof value === 'string' ? Buffer.from(value)[key] : value[key]
  }
  if (value !== null && typeof value === 'object' && !(value instanceof Row))
    return (value as Record<string, unknown>)[String(key)] ?? null
  throw new Error(`error calling index: can't index item of type ${goTypeOf(value)}`)
}

function equal(a: unknown, b: unknown): boolean {
  if (a === null || b === null || a === undefined || b === undefined) return (a ?? null) === (b ?? null)
  if (typeof a !== typeof b) throw new Error('incompatible types for comparison')
  return a === b
}

function compare(a: unknown, b: unknown): number {
  if (typeof a !== typeof b) throw new Error('incompatible types for comparison')
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : Number(a > b)
  throw new Error('invalid type for comparison')
}
