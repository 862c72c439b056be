/** How far something is, in docker's words: `progressDetail` for programs, `progress` for people. Pure. */
import type { ProgressMessage } from '../../api/progress.ts'

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
const WIDTH = 50

/** `{"status":"Downloading","progressDetail":{…},"progress":"[==>   ]  1.2MB/40MB","id":"…"}` */
export function progressMessage(status: string, id: string, current: number, total: number): ProgressMessage {
  return { status, progressDetail: { current, total }, progress: progressBar(current, total), id }
}

/** Docker's jsonmessage.JSONProgress as text, for a terminal of 200 columns. */
export function progressBar(current: number, total: number): string {
  if (total <= 0) return humanSize(current).padStart(8)
  const done = Math.min(WIDTH, Math.floor(Math.floor((current / total) * 100) / 2))
  const size = humanSize(current).padStart(8)
  return `[${'='.repeat(done)}>${' '.repeat(WIDTH - done)}] ${current > total ? size : `${size}/${humanSize(total)}`}`
}

/** go-units' HumanSize: four digits. */
function humanSize(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${Number(value.toPrecision(4))}${UNITS[unit]}`
}
