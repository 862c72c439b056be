/** Sends an answer. A blob goes from its file to the socket through one buffer, which waits for the kernel: a slow reader costs no more. */
import { open, type FileHandle } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import type { Answer, BlobPart } from './answer.ts'
import type { Span } from './range.ts'

/** With 300 clients this is 40 MB; larger ones are no faster on loopback. */
const CHUNK_BYTES = 128 * 1024

/** What became of it: bytes of the body that the kernel took, and whether that was all. */
export type Sent = { bytes: number; whole: boolean }

/** Sends head and body. `absent` answers instead when the blob has gone since it was looked for. Rejects when the disk fails. */
export async function send(
  response: ServerResponse,
  answer: Answer,
  pathOf: (blob: BlobPart) => string,
  absent: (blob: BlobPart) => Answer,
): Promise<Sent> {
  const { body } = answer
  if (body === undefined || body instanceof Uint8Array || response.req.method === 'HEAD') {
    return await sendBytes(response, answer, body instanceof Uint8Array ? body : undefined)
  }
  // While the file is open its bytes stay, even when the image is removed.
  await using file = await openIfThere(pathOf(body))
  if (file === undefined) {
    const refusal = absent(body)
    return await sendBytes(response, refusal, refusal.body as Uint8Array)
  }
  response.writeHead(answer.status, answer.headers)
  return await sendFile(response, file, body.span)
}

async function sendBytes(response: ServerResponse, { status, headers }: Answer, body?: Uint8Array): Promise<Sent> {
  // Gone while its file was looked for: it will not be told again.
  if (response.destroyed) return { bytes: 0, whole: false }
  response.writeHead(status, headers)
  const closed = Promise.withResolvers<void>()
  response.once('close', closed.resolve)
  response.end(body)
  await closed.promise
  const whole = response.writableFinished
  return { bytes: whole ? (body?.length ?? 0) : 0, whole }
}

async function sendFile(response: ServerResponse, file: FileHandle, { start, end }: Span): Promise<Sent> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, Math.max(1, end - start)))
  let wake = (): void => {}
  response.once('close', () => wake())
  let at = start
  while (at < end && !response.destroyed) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, end - at), at)
    // Shorter than its size of a moment ago. The client sees a cut, as it must: the promised length has been sent.
    if (bytesRead === 0) throw new Error(`the file of the blob ends at byte ${at}, before ${end}`)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    wake = () => resolve(false)
    response.write(buffer.subarray(0, bytesRead), (error) => resolve(!error))
    if (!(await promise)) break
    at += bytesRead
  }
  if (at === end) response.end()
  return { bytes: at - start, whole: at === end }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
