/** Tree events, put together again on the side that receives them. */
import type { ImageHead, ImageTree, LayerCounts, LayerTree, TreeEvent } from './model.ts'

/** Puts the pieces together. @throws Error when they stop before the end. */
export async function collectTree(events: AsyncIterable<TreeEvent>): Promise<ImageTree> {
  let head: ImageHead | undefined
  const layers: LayerTree[] = []
  for await (const event of events) {
    if (event.kind === 'image') {
      head = event.image
      layers.push(...head.layers.map((layer) => ({ ...layer, ...NO_COUNTS, entries: [] })))
    } else if (event.kind === 'entries') layers[event.layer]?.entries.push(...event.entries)
    else if (event.kind === 'layer') Object.assign(layers[event.layer] ?? {}, event.counts)
    else if (head !== undefined) return { ...head, ...event.totals, layers }
  }
  throw new Error('the tree of the image ends before its totals')
}

export const NO_COUNTS: LayerCounts = { bytes: 0, files: 0, directories: 0, added: 0, changed: 0, removed: 0 }
