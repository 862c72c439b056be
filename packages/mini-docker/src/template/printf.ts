/** Go's fmt.Sprintf for what templates print: %s %v %+v %q %d %x %X %o %b %c %t %f %.2f %e %g %%, with flags, width and precision. */
import { goTypeOf, printValue } from './values.ts'

/** Formats `values`. Mistakes show in the text, as in Go: `%!d(string=x)`, `%!s(MISSING)`, `%!(EXTRA int64=1)`. */
export function sprintf(format: string, values: readonly unknown[]): string {
  let next = 0
  const text = format.replace(
    /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d+)?)?(.)?/gsu,
    (
      all: string,
      flags: string,
      width: string | undefined,
      _precision: string | undefined,
      verb: string | undefined,
    ) => {
      if (verb === undefined) return '%!(NOVERB)'
      if (verb === '%') return '%'
      const wide = width === '*' ? Number(values[next++]) : Number(width ?? 0)
      const precision = /\.(\d*)/.exec(all)?.[1]
      if (next >= values.length) return `%!${verb}(MISSING)`
      const shown = formatOne(verb, values[next++], flags, precision === undefined ? undefined : Number(precision))
      return padTo(shown, wide, flags, typeof values[next - 1] === 'number')
    },
  )
  const extra = values.slice(next).map((value) => `${goTypeOf(value)}=${printValue(value)}`)
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(', ')})`
}

function formatOne(verb: string, value: unknown, flags: string, precision: number | undefined): string {
  const bad = `%!${verb}(${goTypeOf(value)}=${printValue(value)})`
  const sign = flags.includes('+') && typeof value === 'number' && value >= 0 ? '+' : ''
  switch (verb) {
    case 'v':
      return sign + printValue(value)
    case 's':
      if (typeof value === 'number' || typeof value === 'boolean') return bad
      return cut(printValue(value), precision)
    case 'q':
      return typeof value === 'string'
        ? JSON.stringify(value)
        : Array.isArray(value)
          ? `[${value.map((item) => JSON.stringify(item)).join(' ')}]`
          : bad
    case 't':
      return typeof value === 'boolean' ? String(value) : bad
    case 'd':
      return Number.isInteger(value) ? sign + String(value) : bad
    case 'x':
    case 'X': {
      const hex =
        typeof value === 'string'
          ? Buffer.from(value).toString('hex')
          : Number.isInteger(value)
            ? (value as number).toString(16)
            : bad
      return verb === 'X' ? hex.toUpperCase() : hex
    }
    case 'o':
      return Number.isInteger(value) ? (value as number).toString(8) : bad
    case 'b':
      return Number.isInteger(value) ? (value as number).toString(2) : bad
    case 'c':
      return Number.isInteger(value) ? String.fromCodePoint(value as number) : bad
    case 'f':
    case 'F':
      return typeof value === 'number' ? sign + value.toFixed(precision ?? 6) : bad
    case 'e':
      return typeof value === 'number'
        ? sign + value.toExponential(precision ?? 6).replace(/e([+-])(\d)$/, 'e$10$2')
        : bad
    case 'g':
      return typeof value === 'number'
        ? sign + (precision === undefined ? printValue(value) : String(Number(value.toPrecision(precision || 1))))
        : bad
    default:
      return bad
  }
}

function cut(text: string, precision: number | undefined): string {
  return precision === undefined ? text : Array.from(text).slice(0, precision).join('')
}

function padTo(text: string, width: number, flags: string, isNumber: boolean): string {
  const missing = width - Array.from(text).length
  if (missing <= 0) return text
  if (flags.includes('-')) return text + ' '.repeat(missing)
  if (flags.includes('0') && isNumber) return text.replace(/^([+-]?)/, `$1${'0'.repeat(missing)}`)
  return ' '.repeat(missing) + text
}
