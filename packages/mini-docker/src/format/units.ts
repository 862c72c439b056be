/** Durations and sizes in docker's words (Go's github.com/docker/go-units, whose roundings these are). */

/** `Less than a second`, `3 seconds`, `About a minute`, `2 hours`, `5 days`, `3 weeks`, `2 months`, `4 years`. */
export function humanDuration(seconds: number): string {
  const whole = Math.trunc(seconds)
  if (whole < 1) return 'Less than a second'
  if (whole === 1) return '1 second'
  if (whole < 60) return `${whole} seconds`
  const minutes = Math.trunc(seconds / 60)
  if (minutes === 1) return 'About a minute'
  if (minutes < 60) return `${minutes} minutes`
  const hours = Math.trunc(seconds / 3600 + 0.5)
  if (hours === 1) return 'About an hour'
  if (hours < 48) return `${hours} hours`
  if (hours < 24 * 7 * 2) return `${Math.trunc(hours / 24)} days`
  if (hours < 24 * 30 * 2) return `${Math.trunc(hours / 24 / 7)} weeks`
  if (hours < 24 * 365 * 2) return `${Math.trunc(hours / 24 / 30)} months`
  return `${Math.trunc(seconds / 3600 / 24 / 365)} years`
}

const DECIMAL = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB']
const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB']

/** Decimal: `1.98MB` (three digits) or `1.984MB` (four). */
export function humanSize(bytes: number, digits: 3 | 4 = 4): string {
  return scaled(bytes, 1000, DECIMAL, digits)
}

/** Binary: `352KiB`, `23.54GiB`. */
export function binarySize(bytes: number): string {
  return scaled(bytes, 1024, BINARY, 4)
}

function scaled(bytes: number, base: number, units: readonly string[], digits: number): string {
  let value = bytes
  let unit = 0
  while (value >= base && unit < units.length - 1) {
    value /= base
    unit += 1
  }
  return generalFormat(value, digits) + units[unit]
}

/** C's `%.{digits}g`. */
function generalFormat(value: number, digits: number): string {
  if (value === 0) return '0'
  const [mantissa = '', exponent = '0'] = value.toExponential(digits - 1).split('e')
  const power = Number(exponent)
  if (power >= digits || power < -4) {
    return `${String(Number(mantissa))}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
  }
  return String(Number(value.toPrecision(digits)))
}

/** Go's time.Time.String() of a second of the epoch, in the local time zone: `2026-11-20 19:36:20 +0000 UTC`. */
export function goTime(epochSeconds: number): string {
  const date = new Date(epochSeconds * 1000)
  const two = (value: number) => String(value).padStart(2, '0')
  const offset = -date.getTimezoneOffset()
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zone} ${zoneName(date, offset)}`
}

function zoneName(date: Date, offsetMinutes: number): string {
  if (offsetMinutes === 0) return 'UTC'
  const name = /\(([^)]*)\)|\b([A-Z]{3,5})$/.exec(date.toLocaleTimeString('en', { timeZoneName: 'short' }))
  return name?.[2] ?? `UTC${offsetMinutes < 0 ? '-' : '+'}${Math.abs(offsetMinutes) / 60}`
}

/** The 12 characters of an ID that docker shows, without `sha256:`. */
export function shortId(id: string): string {
  const colon = id.indexOf(':')
  return id.slice(colon + 1, colon + 13)
}
