/** The instruction HEALTHCHECK: `NONE`, or options and `CMD command`. */
import { UserError } from '@mini-docker/syscall'
import type { Healthcheck } from '../schema.ts'

const DURATIONS: Record<string, 'Interval' | 'Timeout' | 'StartPeriod' | 'StartInterval'> = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
}
const UNIT_NS: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 }
const MINIMUM_NS = 1e6

/** `jsonList` reads the exec form of a command; where it is none, the shell gets the line. */
export function parseHealthcheck(text: string, jsonList: (text: string) => string[] | undefined): Healthcheck {
  if (text.toUpperCase() === 'NONE') return { Test: ['NONE'] }
  const check: Healthcheck = {}
  let rest = text
  for (let flag = FLAG.exec(rest); flag !== null; flag = FLAG.exec(rest)) {
    const [whole, name = '', value = ''] = flag
    rest = rest.slice(whole.length)
    setOption(check, name, value)
  }
  const [, kind = '', command = ''] = /^(\S+)\s*(.*)$/s.exec(rest) ?? []
  if (kind.toUpperCase() !== 'CMD') {
    throw new UserError('invalid', `unknown type "${kind.toUpperCase()}" in HEALTHCHECK (try CMD)`)
  }
  if (command === '') throw new UserError('invalid', 'missing command after HEALTHCHECK CMD')
  const list = jsonList(command)
  return { Test: list === undefined ? ['CMD-SHELL', command] : ['CMD', ...list], ...check }
}

const FLAG = /^--([a-z-]+)=(\S*)\s+/

function setOption(check: Healthcheck, name: string, value: string): void {
  const field = DURATIONS[name]
  if (field !== undefined) check[field] = duration(name, value)
  else if (name === 'retries' && /^[1-9]\d{0,8}$/.test(value)) check.Retries = Number(value)
  else throw new UserError('invalid', `HEALTHCHECK option --${name}=${value} is unknown or malformed`)
}

/** Go's durations: `1m30s`, `500ms`. In nanoseconds. */
function duration(name: string, text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/gu)]
  const ns = parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNIT_NS[unit] ?? 0), 0)
  if (parts.map(([whole]) => whole).join('') !== text || text === '' || (ns !== 0 && ns < MINIMUM_NS)) {
    throw new UserError('invalid', `HEALTHCHECK option --${name}=${text} is no duration of 1ms or more`)
  }
  return Math.round(ns)
}
