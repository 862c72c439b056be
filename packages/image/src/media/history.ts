/** `docker history`: how an image came to be, as far as its config tells. */
import type { Image } from '../store/image.ts'
import type { ImageStore } from '../store/store.ts'

/** An item of docker's `GET /images/{name}/history`. */
export type HistoryItem = {
  Comment: string
  /** Seconds since the epoch. */
  Created: number
  CreatedBy: string
  Id: string
  /** Bytes of the layer as unpacked; of its blob, where it is not. */
  Size: number
  Tags: string[] | null
}

/** Newest first. Only the first has an ID and tags: images in between exist in no store any more. */
export function history(store: ImageStore, image: Image): HistoryItem[] {
  const sizes = image.layers.map(({ chainID, size }) => store.layers.info(chainID)?.bytes ?? size)
  const items = image.config.history.map((entry): HistoryItem => {
    return {
      Comment: entry.comment ?? '',
      Created: secondsOf(entry.created ?? ''),
      CreatedBy: entry.created_by ?? '',
      Id: '<missing>',
      Size: entry.empty_layer === true ? 0 : (sizes.shift() ?? 0),
      Tags: null,
    }
  })
  const newest = items.at(-1)
  if (newest !== undefined) {
    newest.Id = image.id
    newest.Tags = image.names.length > 0 ? image.names : null
  }
  return items.toReversed()
}

/** RFC 3339, up to nanoseconds; 0 for what is no time. */
function secondsOf(text: string): number {
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? 0 : Math.floor(ms / 1000)
}
