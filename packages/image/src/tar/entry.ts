/** What one entry of a tar archive says about a file, whatever dialect it was written in. See tar(5), pax(1). */
import { UserError } from '@mini-docker/syscall'

/** The kinds of file an archive can hold. `hardlink` is a second name for the entry whose path is `linkname`. */
export type TarType = 'file' | 'hardlink' | 'symlink' | 'char' | 'block' | 'directory' | 'fifo'

/** A piece of a sparse file that holds data, in bytes; everything between the pieces reads as zeros. */
export type Extent = { offset: number; length: number }

export type TarHeader = {
  type: TarType
  /** As in the archive, without the slash that ends a directory's name. Bytes that are no UTF-8: see `decodeName`. */
  path: string
  /** The target of a symlink, the path of a hard link's first name, else empty. */
  linkname: string
  /** Permission bits, setuid, setgid and sticky: 0o0000 to 0o7777. */
  mode: number
  uid: number
  gid: number
  /** May be empty, as in all layers that docker makes. */
  uname: string
  gname: string
  /** Bytes of a file as programs see them, holes included; 0 for all other types. */
  size: number
  /** Nanoseconds since the epoch, can be negative. */
  mtimeNs: bigint
  atimeNs?: bigint
  /** Of a device, else 0. */
  major: number
  minor: number
  /** Extended attributes by full name (`security.capability`); see xattr(7). */
  xattrs: ReadonlyMap<string, Uint8Array>
  /** Only for files stored as sparse: ordered, disjoint, none empty. */
  sparse?: readonly Extent[]
}

/** A header from the few fields that matter; the rest is root's, empty, and of 1970. */
export function tarHeader(fields: Pick<TarHeader, 'type' | 'path'> & Partial<TarHeader>): TarHeader {
  return {
    linkname: '',
    mode: fields.type === 'directory' ? 0o755 : fields.type === 'symlink' ? 0o777 : 0o644,
    uid: 0,
    gid: 0,
    uname: '',
    gname: '',
    size: 0,
    mtimeNs: 0n,
    major: 0,
    minor: 0,
    xattrs: NO_XATTRS,
    ...fields,
  }
}

/** Shared by the many entries that have none. */
export const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map()

/** An archive that cannot be read; `position` is the byte of the archive where the trouble begins. */
export function tarError(message: string, position?: number): UserError {
  const where = position === undefined ? 'tar archive' : `tar archive at byte ${position}`
  return new UserError('invalid', `${where}: ${message}`, {
    hint: 'the archive is damaged, cut off, or not a tar archive',
  })
}
