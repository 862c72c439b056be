/** What differs between two images, as plain data that survives JSON. `a` is the older one in people's minds, `b` the newer. */
import type { Digest } from '../digest.ts'
import type { FileFacts, ImageHead, LayerHead } from './model.ts'

/** A file in one of the two images. A hard link tells of the file that it is a name of. */
export type DiffSide = Omit<FileFacts, 'path'> & {
  /** The layer that it comes from. */
  layer: number
  /** sha256 of the content of a file that lies in a layer of this image alone. */
  digest?: Digest
}

/** In what two files of one path differ. The time of a change is none: every build sets it anew. */
export type Difference = 'type' | 'content' | 'mode' | 'owner' | 'size' | 'link' | 'device' | 'xattrs'

export type DiffEntry =
  | { path: string; change: 'added'; b: DiffSide }
  /** `removedBy`: the layer of `b` with the whiteout, where `b` has the file below that. */
  | { path: string; change: 'removed'; a: DiffSide; removedBy?: number }
  | { path: string; change: 'changed'; a: DiffSide; b: DiffSide; differs: Difference[] }

/** A field of the config in which they differ; `key` is the variable of Env, the name of a label, the port … A missing side has none. */
export type ConfigDifference = { field: string; key?: string; a?: unknown; b?: unknown }

/** `shared`: both images have it, on the same layers below. */
export type DiffLayer = LayerHead & { shared: boolean }
export type DiffImage = Omit<ImageHead, 'layers'> & { layers: DiffLayer[] }

export type ImageDiff = {
  a: DiffImage
  b: DiffImage
  /** How many layers are shared, from the bottom. */
  sharedLayers: number
  counts: { added: number; removed: number; changed: number }
  /** In the order of a tree. */
  files: DiffEntry[]
  config: ConfigDifference[]
}
