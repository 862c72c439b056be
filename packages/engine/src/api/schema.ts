/**
 * How docker reads JSON: a field that is missing or null is the zero value of its type, a field of the wrong type is an
 * error, a field it does not know is skipped. These are the building blocks for the bodies in `bodies.ts`.
 */
import { z } from 'zod'

export const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')
export const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false)
/** A Go int64: JavaScript keeps 53 bits of it, and nothing here needs more. */
export const integer = z
  .number()
  .int()
  .nullish()
  .transform((value) => value ?? 0)
export const maybeInteger = z
  .number()
  .int()
  .nullish()
  .transform((value) => value ?? null)
/** Rows and columns of a terminal, each a __u16 for the kernel: ioctl_tty(2), TIOCSWINSZ. */
const edge = z.number().int().min(0).max(65_535)
export const consoleSize = z.tuple([edge, edge]).nullish()
export const maybeFlag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? null)
/** `null` and the empty list are both "none", but inspect shows them as they came. */
export const texts = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? null)
export const textMap = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {})
/** A map that stays away when it was: inspect shows an empty one and none differently. */
export const maybeTextMap = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? undefined)
/** A set in Go: `{"80/tcp": {}}`. */
export const textSet = z
  .record(z.string(), z.object({}).nullish())
  .nullish()
  .transform((value) => Object.fromEntries(Object.keys(value ?? {}).map((key) => [key, {}])) as Record<string, object>)
/** Docker's StrSlice: a command as a list, or as one string. */
export const command = z
  .union([z.string().transform((value) => [value]), z.array(z.string())])
  .nullish()
  .transform((value) => value ?? null)

/** A list of objects, null allowed. */
export function list<T extends z.ZodType>(item: T) {
  return z
    .array(item)
    .nullish()
    .transform((value) => value ?? [])
}

/** Any JSON: for what is only looked at to see whether it was asked for. */
export const anything = z.unknown().optional()

/** True for what Go would call a zero value: nothing was asked for. */
export function isZero(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === 0 || value === false) return true
  if (Array.isArray(value)) return value.every(isZero)
  if (typeof value === 'object') return Object.values(value).every(isZero)
  return false
}
