/**
 * Reading JSON that others wrote: manifests, configs, indexes. Capped in size and depth before anything looks at it, then
 * checked against a schema, so that everything behind this border may trust the types.
 */
import { UserError } from '@mini-docker/syscall'
import type * as z from 'zod'

/** Docker and containerd take manifests and configs up to 4 MiB. */
export const JSON_BYTES_MAX = 4 * 1024 * 1024
/** Real configs nest six deep. Deeper than this would overflow the stack of whoever prints it. */
const DEPTH_MAX = 128

/**
 * Parses and checks `bytes`; `what` names the object in errors, like `manifest sha256:12ab…`.
 * @throws UserError `invalid`
 */
export function parseJSON<T>(what: string, bytes: Uint8Array, schema: z.ZodType<T>): T {
  if (bytes.length > JSON_BYTES_MAX) throw tooBig(what, bytes.length)
  if (depthOf(bytes) > DEPTH_MAX) {
    throw new UserError('invalid', `${what} nests deeper than ${DEPTH_MAX} levels`)
  }
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new UserError('invalid', `${what} is not JSON: ${(cause as Error).message}`, { cause })
  }
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.map(String).join('.')}`
  throw new UserError('invalid', `${what} is malformed${where}: ${lower(issue?.message ?? 'unknown shape')}`)
}

export function tooBig(what: string, bytes: number): UserError {
  return new UserError('invalid', `${what} is ${bytes} bytes long, more than the ${JSON_BYTES_MAX} that are read`)
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN = new Set([0x5b, 0x7b])
const CLOSE = new Set([0x5d, 0x7d])

function depthOf(bytes: Uint8Array): number {
  let depth = 0
  let deepest = 0
  let quoted = false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number
    if (quoted) {
      if (byte === BACKSLASH) i++
      else if (byte === QUOTE) quoted = false
    } else if (byte === QUOTE) quoted = true
    else if (OPEN.has(byte)) deepest = Math.max(deepest, ++depth)
    else if (CLOSE.has(byte)) depth--
  }
  return deepest
}

function lower(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1)
}
