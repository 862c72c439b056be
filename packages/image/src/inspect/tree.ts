/** `image tree`: an image's layers, who added, changed and removed which file, and what is stored for nothing. Reads blobs only. */
import { decompress } from '../compression.ts'
import type { Image, Layer } from '../store/image.ts'
import type { ImageStore } from '../store/store.ts'
import { Budget } from './budget.ts'
import { collectTree, NO_COUNTS } from './collect.ts'
import { readListing, type Listing, type ListOptions } from './listing.ts'
import type { ImageHead, ImageTree, LayerCounts, TreeEntry, TreeEvent } from './model.ts'
import { Stack } from './stack.ts'

/** Entries told at once: enough to cost little, few enough to be sent while the next ones are read. */
const PIECE = 2000

/**
 * The whole tree.
 * @throws UserError when a layer's blob is missing or damaged.
 */
export async function imageTree(store: ImageStore, image: Image): Promise<ImageTree> {
  return await collectTree(readImageTree(store, image))
}

/** The same layer by layer, bottom first, as they are read; the layer above is read meanwhile. */
export async function* readImageTree(store: ImageStore, image: Image): AsyncGenerator<TreeEvent, void, undefined> {
  yield { kind: 'image', image: imageHead(image) }
  const stack = new Stack()
  const budget = new Budget()
  const read = ahead(image.layers, (layer) => listLayer(store, layer, { budget }))
  for (const layer of image.layers.keys()) {
    const listing = await read(layer)
    const entries = stack.add(listing)
    for (let from = 0; from < entries.length; from += PIECE) {
      yield { kind: 'entries', layer, entries: entries.slice(from, from + PIECE) }
    }
    yield { kind: 'layer', layer, counts: countsOf(listing, entries) }
  }
  yield { kind: 'totals', totals: stack.waste.totals() }
}

/** What the manifest, the config and its history say, without reading a layer. */
export function imageHead({ id, names, created, config, layers }: Image): ImageHead {
  const makers = config.history.filter((entry) => entry.empty_layer !== true)
  return {
    id,
    names,
    ...(created !== undefined && { created }),
    size: layers.reduce((sum, { size }) => sum + size, 0),
    layers: layers.map(({ digest, diffID, chainID, size }, i) => {
      // A history that lists other layers than there are is about something else.
      const createdBy = makers.length === layers.length ? (makers[i]?.created_by ?? '') : ''
      return { digest, diffID, chainID, size, createdBy }
    }),
  }
}

/** What a layer's tar holds. @throws UserError when the blob is missing or damaged. */
export function listLayer(store: ImageStore, { digest }: Layer, options?: ListOptions): Promise<Listing> {
  return readListing(decompress(`layer ${digest}`, store.blobs.stream(digest)), options)
}

function countsOf(listing: Listing, entries: readonly TreeEntry[]): LayerCounts {
  const counts = { ...NO_COUNTS }
  for (const { stored, type } of listing.entries) {
    counts.bytes += stored
    if (type === 'directory') counts.directories++
    else counts.files++
  }
  for (const { change } of entries) if (change !== 'kept') counts[change]++
  return counts
}

/** Reads items in order, always one more than was asked for: decompression is another thread's work. */
function ahead<T, R>(items: readonly T[], read: (item: T) => Promise<R>): (index: number) => Promise<R> {
  const started = new Map<number, Promise<R>>()
  const start = (index: number): Promise<R> | undefined => {
    const item = items[index]
    if (item === undefined) return undefined
    const running = started.get(index) ?? read(item)
    started.set(index, running)
    // Who asks for it hears of its failure; until then nobody listens.
    running.catch(() => {})
    return running
  }
  return async (index) => {
    const wanted = start(index)
    void start(index + 1)
    started.delete(index)
    if (wanted === undefined) throw new Error(`no item ${index}`)
    return await wanted
  }
}
