/** Docker's words for how long ago something was, in the person's language. */
import { humanDuration } from '../../format/units.ts'
import type { Language } from '../../faces/explain.ts'

/** Since a second of the epoch; empty for 0, which is unknown. */
export function age(seconds: number, now: number, language: Language): string {
  return seconds === 0 ? '' : inLanguage(humanDuration(Math.max(0, now / 1000 - seconds)), language)
}

/** What a container's status says of time: `Up 3 minutes (healthy)`, `Exited (0) 3 minutes ago`. */
export function sinceOf(status: string, language: Language): string {
  const words = status
    .replace(/^Up /, '')
    .replace(/^(?:Exited|Restarting) \(\d+\) /, '')
    .replace(/ \([^)]*\)$/, '')
    .replace(/ ago$/, '')
  return /^[A-Z][a-z]+$/.test(words) ? '' : inLanguage(words, language)
}

const UNITS: Record<string, string> = {
  second: '秒',
  minute: '分',
  hour: '時間',
  day: '日',
  week: '週間',
  month: 'か月',
  year: '年',
}

/** `About a minute` → `約 1 分`; words that are no duration stay. */
function inLanguage(words: string, language: Language): string {
  if (language === 'en') return words
  const [, least, about, count, unit = ''] =
    /^(?:(Less than a)|(About an?)|(\d+)) (second|minute|hour|day|week|month|year)s?$/.exec(words) ?? []
  const shown = UNITS[unit]
  if (shown === undefined) return words
  if (least !== undefined) return `1 ${shown}未満`
  return about === undefined ? `${count} ${shown}` : `約 1 ${shown}`
}
