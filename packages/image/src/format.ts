/** Sizes, ages and tables as docker prints them. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** Decimal units with three digits: `7.79MB`. */
export function formatSize(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${Number(value.toPrecision(3))}${UNITS[unit]}`
}

/** `About an hour ago`, `2 weeks ago`; `N/A` where the time is not known. The steps are those of docker's go-units. */
export function formatAge(created: string | undefined, now: Date): string {
  const then = created === undefined ? Number.NaN : Date.parse(created)
  if (Number.isNaN(then)) return 'N/A'
  return `${duration((now.getTime() - then) / 1000)} ago`
}

function duration(seconds: number): string {
  const s = Math.floor(seconds)
  const minutes = Math.floor(seconds / 60)
  const hours = Math.round(seconds / 3600)
  if (s < 1) return 'Less than a second'
  if (s === 1) return '1 second'
  if (s < 60) return `${s} seconds`
  if (minutes === 1) return 'About a minute'
  if (minutes < 60) return `${minutes} minutes`
  if (hours === 1) return 'About an hour'
  if (hours < 48) return `${hours} hours`
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`
  return `${Math.floor(seconds / 3600 / 24 / 365)} years`
}

/** Columns as wide as their widest cell and three blanks apart. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows]
  const widths = head.map((_, i) => Math.max(...all.map((row) => (row[i] ?? '').length)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell.padEnd((widths[i] ?? 0) + 3))
      .join('')
      .trimEnd()
  return all.map((row) => `${line(row)}\n`).join('')
}
