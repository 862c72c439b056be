/** A file that a command writes: beside its place first, renamed when complete, so that no half file ever has the name. */
import { open, rename, rm } from 'node:fs/promises'

/**
 * Writes the bytes to `path`; with `durable` they survive a power cut. On any error, and when `signal` aborts, what was written is removed and the error thrown;
 * errors of opening the draft carry the draft's path.
 */
export async function writeOutputFile(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  options: { mode?: number; durable?: true; signal?: AbortSignal } = {},
): Promise<void> {
  const draft = draftOf(path)
  const file = await open(draft, 'wx', options.mode ?? 0o600)
  try {
    for await (const chunk of bytes) {
      options.signal?.throwIfAborted()
      await file.writeFile(chunk)
    }
    if (options.durable) await file.sync()
    await file.close()
    await rename(draft, path)
  } catch (error) {
    await file.close()
    await rm(draft, { force: true })
    throw error
  }
}

/** Where the bytes lie until they are complete. */
export function draftOf(path: string): string {
  return `${path}.tmp-${process.pid}`
}
