/**
 * `docker save`: a copy from the store into an archive (archive-sink.ts). The blobs are the store's own, so an image keeps its digests
 * on the way. Equal images give equal bytes.
 */
import { copyImages } from '../copy/copy.ts'
import type { Digest } from '../digest.ts'
import { familiarRepository, parseName, parseReference, type Reference } from '../reference.ts'
import type { Image } from '../store/image.ts'
import type { ImageStore } from '../store/store.ts'
import { ArchiveSink } from './archive-sink.ts'
import { generate } from './generate.ts'
import { StoreSource } from './store-source.ts'

/** An image and the names that it is saved under. */
type Saved = { image: Image; names: string[] }

/**
 * The archive of some images. A name saves that name; a bare repository all its tags; an ID the image without a name.
 * @throws UserError `not-found` at once, `invalid` while streaming when a blob is corrupt.
 */
export function saveArchive(store: ImageStore, texts: readonly string[]): AsyncGenerator<Uint8Array> {
  const offered = choose(store, texts).map(({ image, names }) => ({ image, names: names.map(parseReference) }))
  return generate(async (write) => {
    await using source = await StoreSource.open(store, offered)
    await using sink = new ArchiveSink('the archive', streamOutput(write), {
      docker: true,
      damage: { words: 'is corrupt on the disk', hint: 'see: image verify' },
    })
    await copyImages(source, sink)
  })
}

function streamOutput(write: (chunk: Uint8Array) => Promise<void>) {
  return { write, finish: async () => {}, [Symbol.asyncDispose]: async () => {} }
}

/** Each image once, in the order asked for, with all names it was asked for by. */
function choose(store: ImageStore, texts: readonly string[]): Saved[] {
  const saved = new Map<Digest, Saved>()
  for (const { image, names } of texts.flatMap((text) => select(store, text))) {
    const known = saved.get(image.id)?.names ?? []
    saved.set(image.id, { image, names: [...new Set([...known, ...names])] })
  }
  return [...saved.values()]
}

function select(store: ImageStore, text: string): Saved[] {
  const repository = bareRepository(text)
  if (repository !== undefined) {
    const prefix = `${familiarRepository(repository)}:`
    const tagged = store
      .list()
      .map((image) => ({ image, names: image.names.filter((name) => name.startsWith(prefix)) }))
    const found = tagged.filter(({ names }) => names.length > 0)
    if (found.length > 0) return found
  }
  const { image, by } = store.find(text)
  return [{ image, names: by === 'id' ? [] : image.names.filter((name) => sameName(name, by)) }]
}

function sameName(name: string, reference: Reference): boolean {
  const { domain, path, tag } = parseReference(name)
  return domain === reference.domain && path === reference.path && tag === reference.tag
}

function bareRepository(text: string): Reference | undefined {
  try {
    const name = parseName(text)
    return name.tag === undefined && name.digest === undefined ? name : undefined
  } catch {
    return undefined
  }
}
