/**
 * What is in an image, as plain data that survives JSON: the layers, what each one does to the tree below it, and the bytes that
 * are stored and never seen. Layers are counted from 0, bottom first; formatters print them from 1.
 */
import type { ChainID, Digest, DiffID, ImageID } from '../digest.ts'
import type { TarType } from '../tar/index.ts'

/** `kept`: a directory that lies below already, with the same owner and mode, named again because something in it changed. */
export type Change = 'added' | 'changed' | 'removed' | 'kept'

/** A file as a layer stores it. Names that are no UTF-8: see `decodeName`. */
export type FileFacts = {
  /** Without leading slash; '' is the root. */
  path: string
  /** `hardlink` is one more name of the file `linkname`, and has no bytes of its own. */
  type: TarType
  /** Bytes as programs see them, holes included. */
  size: number
  /** Permission bits, setuid, setgid and sticky. */
  mode: number
  uid: number
  gid: number
  /** Seconds since the epoch, to the millisecond. */
  mtime: number
  /** The target of a symlink, the other name of a hard link. */
  linkname?: string
  /** `1:3`, of a character or block device. */
  device?: string
  /** Values in base64, by full name. */
  xattrs?: Record<string, string>
}

/**
 * What one layer does to one path. Of a removed directory there is one entry, with the bytes of all that goes with it in `size`
 * and their number in `files`; the other facts are those of what was there.
 */
export type TreeEntry = FileFacts & {
  change: Change
  /** The layer whose version this one replaces or removes. Absent for what is new, and for directories that no layer describes. */
  below?: number
  files?: number
}

export type LayerHead = {
  digest: Digest
  diffID: DiffID
  chainID: ChainID
  /** Bytes of the blob as stored, maybe compressed. */
  size: number
  /** `created_by` of the history: the instruction that made it; '' where the history does not say. */
  createdBy: string
}

export type ImageHead = {
  id: ImageID
  names: string[]
  /** RFC 3339. */
  created?: string
  /** Bytes of the layers' blobs together. */
  size: number
  layers: LayerHead[]
}

export type LayerCounts = {
  /** Bytes of the contents of its files. */
  bytes: number
  /** All that is not a directory. */
  files: number
  directories: number
  added: number
  changed: number
  removed: number
}

/** A path whose bytes are stored in some layer and hidden by one above it. */
export type Waste = {
  /** What was overwritten or removed; of a removed directory the directory. */
  path: string
  /** Stored, and seen in no container. */
  bytes: number
  /** How many files they are. */
  copies: number
  storedIn: number[]
  hiddenBy: number[]
}

export type Totals = {
  /** Bytes of the contents of all files in all layers. */
  storedBytes: number
  /** Those of them that a layer above hides. */
  wastedBytes: number
  /** What is seen, of what is stored: 1 when nothing is wasted. */
  efficiency: number
  wastedPaths: number
  /** The worst, at most WASTED_MAX. */
  wasted: Waste[]
}

export const WASTED_MAX = 1000

export type LayerTree = LayerHead & LayerCounts & { entries: TreeEntry[] }

export type ImageTree = Omit<ImageHead, 'layers'> & Totals & { layers: LayerTree[] }

/** An image's tree as it is being read, in this order: `image`, then for each layer its `entries` in pieces and `layer`, then `totals`. */
export type TreeEvent =
  | { kind: 'image'; image: ImageHead }
  | { kind: 'entries'; layer: number; entries: TreeEntry[] }
  | { kind: 'layer'; layer: number; counts: LayerCounts }
  | { kind: 'totals'; totals: Totals }
