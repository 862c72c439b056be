/** The way of one answer through the fault proxy: its head and body, spoiled as told. */
import { once } from 'node:events'
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { sleep } from '../eventually.ts'
import { roll, type ProxiedRequest, type Struck } from './faults.ts'

type Head = { status: number; headers: OutgoingHttpHeaders }

/** Sends `body` to the client. Resolves when all is sent, cut, or the client has gone; a stall lasts until then. */
export async function spoil(
  body: AsyncIterable<Uint8Array>,
  response: ServerResponse,
  record: ProxiedRequest,
  head: Head,
  faults: Struck,
): Promise<void> {
  const { cut, stall } = faults
  if (cut?.afterBytes === 'headers') {
    response.destroy()
    return
  }
  writeHead(response, head, faults)
  record.status = head.status
  const closed = once(response, 'close')
  const cutAt = cut === undefined ? Infinity : roll(cut.afterBytes)
  const stallAt = stall?.afterBytes ?? Infinity
  for await (const chunk of changed(body, faults)) {
    const room = Math.min(cutAt, stallAt) - record.receivedBytes
    const part = chunk.subarray(0, room)
    await send(response, part, closed, faults.slow?.bytesPerSecond)
    record.receivedBytes += part.length
    if (response.destroyed) return
    if (part.length === room) break
  }
  if (record.receivedBytes === stallAt) await closed
  else if (record.receivedBytes === cutAt) await breakOff(response)
  else response.end()
}

/** The size that the head promises is that of the spoiled body, except where the connection breaks. */
function writeHead(
  response: ServerResponse,
  { status, headers }: Head,
  { truncate, append, headers: lies }: Struck,
): void {
  const length = Number(headers['content-length'])
  if (truncate) headers['content-length'] = String(Math.min(length, truncate.toBytes))
  if (append) headers['content-length'] = String(length + append.bytes.length)
  response.writeHead(status, { ...headers, ...lowerCase(lies?.headers ?? {}) })
  response.flushHeaders()
}

async function* changed(body: AsyncIterable<Uint8Array>, faults: Struck): AsyncGenerator<Uint8Array> {
  const end = faults.truncate?.toBytes ?? Infinity
  const corruptAt = faults.corrupt?.atByte ?? -1
  let at = 0
  for await (const original of body) {
    const chunk = original.subarray(0, end - at)
    if (corruptAt >= at && corruptAt < at + chunk.length) {
      const copy = Buffer.from(chunk)
      copy[corruptAt - at]! ^= 1
      yield copy
    } else yield chunk
    at += chunk.length
    if (at >= end) break
  }
  if (faults.append) yield faults.append.bytes
}

async function send(
  response: ServerResponse,
  chunk: Uint8Array,
  closed: Promise<unknown>,
  bytesPerSecond: number | undefined,
): Promise<void> {
  const step = bytesPerSecond === undefined ? chunk.length : Math.max(1, Math.ceil(bytesPerSecond / 20))
  for (let at = 0; at < chunk.length && !response.destroyed; at += step) {
    if (!response.write(chunk.subarray(at, at + step))) {
      await drained(response, closed)
    }
    if (bytesPerSecond !== undefined) await sleep(50)
  }
}

/** The client took what was written, or went away. */
async function drained(response: ServerResponse, closed: Promise<unknown>): Promise<void> {
  const drain = new AbortController()
  await Promise.race([once(response, 'drain', { signal: drain.signal }).catch(() => {}), closed])
  drain.abort()
}

/** The bytes sent so far shall arrive: a reset at once could overtake them. */
async function breakOff(response: ServerResponse): Promise<void> {
  await sleep(20)
  response.destroy()
}

function lowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
