/** Reading control files: one value, `key value` lines, or nothing where a kernel does not have the file. */
import { readFileSync } from 'node:fs'
import { asSyscallError, errnoCode } from './work.ts'

/** The trimmed content; undefined where the file, or its group, does not exist. ENODEV: the group went away while it was read. */
export function readControl(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    if (errnoCode(error) === 'ENOENT' || errnoCode(error) === 'ENODEV' || errnoCode(error) === 'EOPNOTSUPP')
      return undefined
    throw asSyscallError('read', error, [file])
  }
}

/** A number; undefined where there is no file, or for v2's `max`. */
export function readNumber(file: string): number | undefined {
  const text = readControl(file)
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text)
}

/** `key value` lines, as in memory.stat; empty where there is no file. */
export function readKeyed(file: string): Record<string, number> {
  const entries = (readControl(file) ?? '').split('\n').map((line) => line.split(' '))
  return Object.fromEntries(
    entries.flatMap(([key, value]) => (key && value !== undefined ? [[key, Number(value)]] : [])),
  )
}
