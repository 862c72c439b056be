/**
 * The bar behind a status, in docker's shape: bar (from 110 columns on), counts, time left.
 *
 *     [=================>                                 ]  16.06MB/40.83MB 3s
 */
import { humanSize } from '../../format/units.ts'
import type { ProgressDetail } from './message.ts'

const BAR_COLUMNS = 50
/** Narrower terminals get no bar. */
const BAR_FROM_COLUMNS = 110

/** The text for a terminal of `columns`; empty when there is nothing to count. */
export function progressBar(detail: ProgressDetail, columns: number, nowMs = Date.now()): string {
  const { current = 0, total = 0 } = detail
  if (current <= 0 && total <= 0) return ''
  if (total <= 0) return amount(current, detail.units)
  const filled = Math.max(0, Math.min(BAR_COLUMNS, Math.trunc(Math.trunc((current / total) * 100) / 2)))
  return bar(filled, columns) + counts(detail, current, total) + timeLeft(detail, current, total, filled, nowMs)
}

function bar(filled: number, columns: number): string {
  if (columns <= BAR_FROM_COLUMNS) return ''
  return `[${'='.repeat(filled)}>${' '.repeat(BAR_COLUMNS - filled)}] `
}

function counts({ hidecounts, units }: ProgressDetail, current: number, total: number): string {
  if (hidecounts === true) return ''
  // More than all of it: the total is not to be believed.
  if (current > total) return amount(current, units)
  return isBytes(units) ? `${amount(current, units)}/${humanSize(total)}` : `${current}/${total} ${units}`
}

function amount(count: number, units: string | undefined): string {
  return isBytes(units) ? humanSize(count).padStart(8) : `${count} ${units}`
}

function isBytes(units: string | undefined): boolean {
  return units === undefined || units === ''
}

function timeLeft(
  { start = 0 }: ProgressDetail,
  current: number,
  total: number,
  filled: number,
  nowMs: number,
): string {
  if (current <= 0 || start <= 0 || filled >= BAR_COLUMNS) return ''
  const perUnitMs = (nowMs - start * 1000) / current
  return ` ${goDuration(Math.round((perUnitMs * (total - current)) / 1000))}`
}

/** Whole seconds as Go writes a duration: `42s`, `1m5s`, `2h0m3s`. */
function goDuration(seconds: number): string {
  const [hours, minutes] = [Math.trunc(seconds / 3600), Math.trunc((seconds % 3600) / 60)]
  const rest = `${seconds % 60}s`
  if (hours > 0) return `${hours}h${minutes}m${rest}`
  return minutes > 0 ? `${minutes}m${rest}` : rest
}
