/** Reads a JSON body: size, content type, syntax and shape are checked here and nowhere else. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { UserError } from '@mini-docker/syscall'
import type { z } from 'zod'

/** More than any create body needs; a body that big would only fill the daemon's memory. */
export const MAX_JSON_BYTES = 4 * 1024 * 1024
/** No body has more than six. */
const MAX_DEPTH = 64

/**
 * The body as JSON of the given shape. An empty body is an empty object where the shape allows it.
 * @throws UserError `invalid`: too big, wrong content type, no JSON, wrong type of a field (which is named).
 */
export async function parseJson<T extends z.ZodType>(
  headers: IncomingHttpHeaders,
  body: Readable,
  schema: T,
): Promise<z.output<T>> {
  const bytes = await readAll(body)
  const type = headers['content-type']
  if (
    bytes.length > 0 &&
    type !== undefined &&
    !/^application\/json\s*(;|$)/i.test(type) &&
    !/^text\/plain/i.test(type)
  )
    throw new UserError('invalid', `unsupported Content-Type header (${type}): must be 'application/json'`)
  const result = schema.safeParse(parseText(bytes.toString('utf8')))
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new UserError('invalid', `invalid JSON: ${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'wrong type'}`)
}

function parseText(text: string): unknown {
  if (text.trim() === '') return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new UserError('invalid', `invalid JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  if (isDeeper(value, MAX_DEPTH)) throw new UserError('invalid', `invalid JSON: nested deeper than ${MAX_DEPTH} levels`)
  return value
}

/** Whether arrays and objects are nested deeper than `levels`. Parsing itself bears any depth; walking over it with calls does not. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((item) => isDeeper(item, levels - 1))
}

async function readAll(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_JSON_BYTES) throw new UserError('invalid', `request body is larger than ${MAX_JSON_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
