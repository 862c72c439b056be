/**
 * `docker load`: a copy from an archive into the store. Nothing gets a name before everything is in the store and proven: each blob has
 * its digest, each layer its diffID. Unpacking is that proof for layers, so by default layers are unpacked now: one decompression
 * instead of two, hostile layers are found here and not at the first `run`, and that `run` is fast.
 */
import { decompress } from '../compression.ts'
import { copyImages } from '../copy/copy.ts'
import type { CopyOptions } from '../copy/medium.ts'
import type { Platform } from '../schema.ts'
import type { ImageStore } from '../store/store.ts'
import { ArchiveSource } from './archive-source.ts'
import { Spool } from './spool.ts'
import { StoreSink, type Stored } from './store-sink.ts'

export type LoadOptions = Pick<CopyOptions, 'onEvent' | 'signal'> & {
  /** Which image of a multi-platform index; this machine's by default. */
  platform?: Platform
  /** false: only check the layers, which needs no root. Default true. */
  unpack?: boolean
}

export type Loaded = Stored

/**
 * Loads all images of an archive: docker's (old and new) or an OCI layout, plain or compressed with gzip or zstd. Reads the stream
 * once; memory stays bounded. Needs root unless `unpack` is false.
 * @throws UserError `invalid` for anything corrupt, incomplete or hostile; the store is then as it was.
 */
export async function loadArchive(
  store: ImageStore,
  stream: AsyncIterable<Uint8Array>,
  { platform, unpack = true, ...options }: LoadOptions = {},
): Promise<Loaded[]> {
  await using sink = await StoreSink.open(store, { unpack })
  const spool = await Spool.read(store, decompress('the archive', untilAborted(stream, options.signal)))
  await using source = new ArchiveSource('the archive', spool, { choice: { by: 'all' }, platform })
  await copyImages(source, sink, options)
  return sink.stored
}

/** What docker prints of a load, a line each. */
export function describeLoaded({ image, names, replaced }: Loaded): string[] {
  return [
    ...replaced.map(
      ({ name, id }) => `The image ${name} already exists, renaming the old one with ID ${id} to empty string`,
    ),
    ...(names.length > 0 ? names.map((name) => `Loaded image: ${name}`) : [`Loaded image ID: ${image.id}`]),
  ]
}

/** Also while nothing comes: an upload may stand still. */
async function* untilAborted(
  stream: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  if (signal === undefined) return yield* stream
  let abort = (): void => {}
  const listener = (): void => abort()
  signal.addEventListener('abort', listener)
  const chunks = stream[Symbol.asyncIterator]()
  try {
    for (;;) {
      signal.throwIfAborted()
      // A promise for each chunk: Promise.race with one that lives as long as the load would keep every chunk.
      const next = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        abort = () => reject(signal.reason as Error)
        chunks.next().then(resolve, reject)
      })
      if (next.done === true) return
      yield next.value
    }
  } finally {
    signal.removeEventListener('abort', listener)
    const closed = chunks.return?.()
    // Of a stream that stands still, this would not come.
    if (signal.aborted) closed?.catch(() => {})
    else await closed
  }
}
