/**
 * A blob on its way up. In one piece, as every registry must take it; in chunks where the piece is too large for the registry
 * or a proxy before it; and after a cut from where the registry says that it got to, or anew.
 */
import type { BlobProgress, OpenBlob } from '../../copy/medium.ts'
import type { Descriptor } from '../../schema.ts'
import { RegistryError } from '../error.ts'
import type { RequestBody } from '../http/request.ts'
import { stuck, UploadSession, type UploadTarget } from './session.ts'

/** The most for what is too large in one piece; then a quarter of it, and so on. */
const CHUNK_BYTES = 32 << 20
const CHUNK_LEAST_BYTES = 256 << 10

export type Upload = {
  target: UploadTarget
  blob: Descriptor
  open: OpenBlob
  /** Whether the registry has it, asked when the answer to the end of an upload was lost. */
  has: () => Promise<boolean>
  /** Begun by a mount that was not made. */
  session?: UploadSession | undefined
  tell?: ((progress: BlobProgress) => void) | undefined
}

/** @throws RegistryError when the registry refuses it, or does not take it in several tries without progress. */
export async function upload({ target, blob, open, has, session: begun, tell }: Upload): Promise<void> {
  let session = begun
  let chunkBytes = Infinity
  let failures = 0
  let reached = 0
  for (;;) {
    try {
      session ??= await UploadSession.start(target)
      return await sendFrom(session, { blob, open, tell, chunkBytes })
    } catch (error) {
      const smaller = smallerChunk(error, Math.min(chunkBytes, blob.size), session)
      const came = session?.offset ?? 0
      failures = came > reached ? 1 : failures + 1
      reached = Math.max(reached, came)
      const delayMs = smaller === undefined ? target.endpoint.delayAfter(forgotten(error), failures + 1) : 0
      if (delayMs === undefined) throw error
      if (delayMs > 0) await target.endpoint.wait(delayMs)
      chunkBytes = smaller ?? chunkBytes
      if (smaller === undefined && (await has())) return
      if (session !== undefined && (smaller !== undefined || !(await session.recall()))) session = undefined
    }
  }
}

type Sending = Pick<Upload, 'blob' | 'open' | 'tell'> & { chunkBytes: number }

async function sendFrom(session: UploadSession, { blob, open, tell, chunkBytes }: Sending): Promise<void> {
  const slice = (from: number, to: number): RequestBody & { size: number } => ({
    size: to - from,
    open: () => limited(open(from), from, to, blob, tell),
  })
  if (session.offset === 0 && blob.size <= chunkBytes) {
    return await session.finish(blob.digest, slice(0, blob.size))
  }
  while (session.offset < blob.size) {
    const from = session.offset
    await session.append(slice(from, Math.min(blob.size, from + chunkBytes)))
    if (session.offset <= from) throw stuck(blob.digest, session)
  }
  await session.finish(blob.digest)
}

/** The bytes from `from` to `to`, counted; a source that has fewer or more is not what its descriptor says. */
async function* limited(
  bytes: AsyncIterable<Uint8Array>,
  from: number,
  to: number,
  blob: Descriptor,
  tell: Upload['tell'],
): AsyncGenerator<Uint8Array, void> {
  let at = from
  for await (const chunk of bytes) {
    if (at + chunk.length > blob.size) throw wrongSize(blob, at + chunk.length)
    const part = chunk.subarray(0, to - at)
    at += part.length
    if (part.length > 0) yield part
    tell?.({ state: 'transferring', bytes: at })
    if (at === to && to < blob.size) return
  }
  if (at < to) throw wrongSize(blob, at)
}

/** After a 413; undefined when it can't be smaller. */
function smallerChunk(error: unknown, tried: number, session: UploadSession | undefined): number | undefined {
  if (!(error instanceof RegistryError) || error.status !== 413) return undefined
  const least = Math.max(CHUNK_LEAST_BYTES, session?.chunkMinBytes ?? 0)
  const smaller = Math.max(least, Math.min(CHUNK_BYTES, Math.floor(tried / 4)))
  return smaller < tried ? smaller : undefined
}

const FORGOTTEN = new Set(['BLOB_UPLOAD_UNKNOWN', 'BLOB_UPLOAD_INVALID', 'RANGE_INVALID'])

/** An upload that the registry lost, or whose pieces do not fit, may be begun anew. */
function forgotten(error: unknown): unknown {
  if (!(error instanceof RegistryError)) return error
  const lost = error.status === 416 || error.codes.some((code) => FORGOTTEN.has(code))
  if (!lost) return error
  const { message, hint = '', status, codes } = error
  return new RegistryError(message, { hint, status, codes, retryable: true })
}

function wrongSize(blob: Descriptor, bytes: number): RegistryError {
  return new RegistryError(`blob ${blob.digest} has ${bytes} bytes, expected ${blob.size}`, {
    code: 'invalid',
    hint: 'the source is truncated or corrupt: fetch or make it again',
  })
}
