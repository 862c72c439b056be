/** What unpacking and packing may be told, and what unpacking tells. */

export type ApplyOptions = {
  /** More entries are refused. Default 1,000,000: no real layer comes near, each costs an inode. */
  maxEntries?: number
  /** More bytes of content than this together are refused. Default 32 GiB. Holes of sparse files don't count. */
  maxBytes?: number
}

export const DEFAULT_LIMITS = { maxEntries: 1_000_000, maxBytes: 32 * 1024 ** 3 } as const

export type Applied = {
  /** Entries of the archive, whiteouts included. */
  files: number
  /** Bytes of content. */
  bytes: number
  /** What could not be kept, for example attributes that the filesystem does not take; at most 100 lines. */
  warnings: string[]
  /** Directories that the archive uses but does not describe, parents first: see `inheritDirectories`. */
  implied: string[]
}

export type PackOptions = {
  /**
   * `overlay`: the directory is the upper (or a layer) of an overlay, its whiteouts become `.wh.` entries and its own attributes
   * are left out. `none`: a plain tree. Default `none`.
   */
  whiteouts?: 'overlay' | 'none'
  /** Stores files with holes as sparse (pax 1.0). docker and Go read it, some old programs don't. Default false: holes become zeros. */
  sparse?: boolean
  /** Keeps nanoseconds of mtimes, at 1 KiB of pax header a file. Default false: whole seconds, as docker's layers. */
  subSecondTimes?: boolean
  /** Writes an entry `./` with owner, mode and attributes of the directory itself. Default false, as docker. */
  root?: boolean
  /** Passes over what vanishes or is replaced while the tree is read, as docker does. Default false: that is an error. */
  live?: boolean
  /** Leaves out entries, by their path in the archive, with all that is in them. */
  exclude?: (path: string) => boolean
}

/** How an archive goes into a tree that is in use: `extractTree`. */
export type ExtractOptions = {
  /** The directory of the tree, without links, that the paths of the archive start from. Default: the root of the tree. */
  into?: string
  /** Everything belongs to this user instead of whom the archive says; `creator`: to who unpacks, which needs no privileges. */
  owner?: { uid: number; gid: number } | 'creator'
  /** The path that an entry, or the first name of a hard link, gets instead of its own. */
  rename?: (path: string) => string
  /** A directory never takes the place of something else, nor something else that of a directory. Default false. */
  keepKinds?: boolean
}
