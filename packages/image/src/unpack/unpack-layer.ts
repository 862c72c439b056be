/** The work itself, on whatever thread: inflate, hash, make the tree. */
import { decompress } from '../compression.ts'
import { Sha256, type DiffID } from '../digest.ts'
import { applyLayer } from '../tree/apply.ts'
import type { Applied } from '../tree/options.ts'

export type Unpacked = { applied: Applied; diffID: DiffID }

/** What is to be done. `what` names the layer in errors; `directory` is empty. */
export type UnpackJob = { what: string; directory: string }

/**
 * Unpacks a layer, compressed or not, and says its diffID.
 * @throws what the input throws; UserError and SyscallError as `decompress` and `applyLayer`.
 */
export async function unpackLayer({ what, directory }: UnpackJob, input: AsyncIterable<Uint8Array>): Promise<Unpacked> {
  const hash = new Sha256()
  const applied = await applyLayer(hashed(decompress(what, input), hash), directory)
  return { applied, diffID: hash.diffID() }
}

/** Hashes what goes by. Relies on the reader to read to the end, padding behind the archive's end included. */
async function* hashed(input: AsyncIterable<Uint8Array>, hash: Sha256): AsyncGenerator<Uint8Array> {
  for await (const chunk of input) {
    hash.update(chunk)
    yield chunk
  }
}
