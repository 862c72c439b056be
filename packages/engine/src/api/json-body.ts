/** Reads a JSON body: size, content type, syntax and shape are checked here and nowhere else. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { UserError } from '@mini-docker/syscall'
import type { z } from 'zod'

/** More than any create body needs; a body that big would only fill the daemon's memory. */
export const MAX_JSON_BYTES = 4 * 1024 * 1024

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
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new UserError('invalid', `invalid JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
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
