/**
 * A blob as one stream, over as many connections as it takes: after a cut the next one asks for the rest with Range (RFC 9110, 14).
 *
 *   Range: bytes=1048576-       206, Content-Range: bytes 1048576-8388607/8388608       goes on there
 *                               200                                                     starts anew: what we have is skipped
 *
 * The bytes are not hashed here: who reads them does, once.
 */
import type { Answer } from './http/answer.ts'
import type { Endpoint } from './endpoint.ts'
import type { Scope } from './auth/authorizer.ts'
import type { Descriptor } from '../schema.ts'
import { RegistryError } from './error.ts'
import { requireIdentity } from './manifest.ts'
import type { HttpStep } from './http/trace.ts'

export type Download = {
  endpoint: Endpoint
  /** `/v2/library/alpine/blobs/sha256:…` */
  path: string
  scopes: readonly Scope[]
  blob: Descriptor
  offset: number
  step: HttpStep
}

/** @throws RegistryError when it cannot be had, or is longer than its descriptor says. */
export async function* download({
  endpoint,
  path,
  scopes,
  blob,
  offset,
  step,
}: Download): AsyncGenerator<Buffer, void> {
  let at = offset
  let reached = offset
  const expect = [200, 206]
  let failures = 0
  while (at < blob.size || at === 0) {
    try {
      const headers: Record<string, string> = at === 0 ? {} : { range: `bytes=${at}-` }
      await using answer = await endpoint.ask({ step, method: 'GET', to: path, scopes, headers, expect, retry: false })
      if (failures > 0) answer.note(`goes on at byte ${at}`)
      for await (const chunk of restOf(answer, blob, at)) {
        at += chunk.length
        yield chunk
      }
      if (at >= blob.size) return
      throw cutShort(blob, at)
    } catch (error) {
      // Tries are counted anew after each progress: a bad network gets a large blob in the end.
      failures = at > reached ? 1 : failures + 1
      reached = at
      const delayMs = endpoint.delayAfter(error, failures + 1)
      if (delayMs === undefined) throw error
      await endpoint.wait(delayMs)
    }
  }
}

async function* restOf(answer: Answer, blob: Descriptor, at: number): AsyncGenerator<Buffer, void> {
  requireIdentity(answer)
  const start = startOf(answer, blob, at)
  if (answer.length !== undefined && start + answer.length > blob.size) throw tooLong(blob, start + answer.length)
  let position = start
  for await (const chunk of answer.chunks()) {
    const end = position + chunk.length
    if (end > blob.size) throw tooLong(blob, end)
    const fresh = position >= at ? chunk : chunk.subarray(Math.min(chunk.length, at - position))
    position = end
    if (fresh.length > 0) yield fresh
  }
}

/** Where the body begins. */
function startOf(answer: Answer, blob: Descriptor, at: number): number {
  if (answer.status === 200) return 0
  const range = /^bytes (\d{1,15})-\d+\/(\d{1,15}|\*)$/.exec(answer.header('content-range') ?? '')
  const [, start, total] = range ?? []
  if (start !== undefined && Number(start) <= at && (total === '*' || Number(total) === blob.size)) return Number(start)
  throw new RegistryError(
    `blob ${blob.digest}: asked for the bytes from ${at} on, got "${answer.header('content-range') ?? 'no Content-Range'}"`,
    { code: 'invalid', hint: 'the registry or a cache before it answers ranges wrongly: ask its operator' },
  )
}

function tooLong(blob: Descriptor, bytes: number): RegistryError {
  return new RegistryError(`blob ${blob.digest} has ${bytes} bytes or more, expected ${blob.size}`, {
    code: 'invalid',
    hint: 'the registry, or who stands between, changed it: ask its operator',
  })
}

function cutShort(blob: Descriptor, bytes: number): RegistryError {
  return new RegistryError(`blob ${blob.digest} ends after ${bytes} of ${blob.size} bytes: unexpected EOF`, {
    code: 'unavailable',
    retryable: true,
    hint: 'the registry has only a part of it, or a proxy between cut it: try again later',
  })
}
