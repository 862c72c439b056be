/** Where a file holds data. See lseek(2): SEEK_DATA, SEEK_HOLE. */
import { invoke, SyscallError } from '@mini-docker/syscall'
import type { Extent } from '../tar/index.ts'

const SEEK_DATA = 3
const SEEK_HOLE = 4

/** The pieces with data of an open file of `size` bytes; undefined when it has no hole worth telling. */
export function findExtents(fd: number, size: number): Extent[] | undefined {
  const extents: Extent[] = []
  for (let at = 0; at < size;) {
    const offset = seek(fd, at, SEEK_DATA)
    if (offset === undefined || offset >= size) break
    const end = Math.min(seek(fd, offset, SEEK_HOLE) ?? size, size)
    if (offset === 0 && end === size) return undefined
    extents.push({ offset, length: end - offset })
    at = end
  }
  return size === 0 ? undefined : extents
}

/** Undefined past the last data. */
function seek(fd: number, offset: number, whence: number): number | undefined {
  try {
    return invoke('lseek', fd, offset, whence)
  } catch (error) {
    if (error instanceof SyscallError && error.code === 'ENXIO') return undefined
    throw error
  }
}
