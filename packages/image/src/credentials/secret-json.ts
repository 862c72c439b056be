/** JSON that may hold secrets: V8's errors quote the text around the place, which must not reach a terminal or a log. */
import { UserError } from '@mini-docker/syscall'
import type * as z from 'zod'
import { parseJSON } from '../json.ts'

/**
 * Checks `bytes` against a schema without transforms, and returns what is written there with its keys in their order.
 * @throws UserError `invalid` that names `what` and the place, and quotes nothing.
 */
export function parseSecretJSON<T>(what: string, bytes: Uint8Array, schema: z.ZodType<T>): T {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString())
  } catch (error) {
    const place = /at position \d+( \(line \d+ column \d+\))?/.exec((error as Error).message)?.[0]
    throw new UserError('invalid', `${what} is not JSON${place === undefined ? '' : `, ${place}`}`)
  }
  parseJSON(what, bytes, schema)
  return value as T
}
