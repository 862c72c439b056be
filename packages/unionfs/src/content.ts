/** The bytes of a copied file: shared with the source where the filesystem can (reflink), holes left as holes. copy_file_range(2), lseek(2). */
import { ftruncateSync, readSync, writeSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import {
  copyFileRange,
  invoke,
  O_CREAT,
  O_EXCL,
  O_NOCTTY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  O_WRONLY,
} from '@mini-docker/syscall'
import { isErrno, openDescriptor, type Pinned } from './pinned.ts'

/** How much is copied before others get their turn: a few milliseconds' worth, and a multiple of every block size. */
const CHUNK_BYTES = 4 << 20

/**
 * Makes the new file `name` in `directory` with the content of `source`, and returns how many bytes were copied. It is
 * made for root alone: with the source's setuid bit it would for a moment be a setuid program of root. Attributes are the caller's.
 */
export async function copyContent(source: Pinned, directory: Pinned, name: string): Promise<number> {
  using to = openDescriptor(`${directory.path}/${name}`, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  using from = openDescriptor(source.path, O_RDONLY | O_NOCTTY | O_NONBLOCK)
  const { size, allocated } = source.stat
  let copied = 0
  for (const { start, end } of allocated < size ? dataSegments(from.fd, size) : [{ start: 0, end: size }]) {
    for (let at = start; at < end;) {
      const bytes = copyChunk(from.fd, to.fd, at, Math.min(CHUNK_BYTES, end - at))
      if (bytes === 0) break
      at += bytes
      copied += bytes
      if (bytes === CHUNK_BYTES) await setImmediate()
    }
  }
  if (copied < size) ftruncateSync(to.fd, size)
  return copied
}

const SEEK_SET = 0
const SEEK_DATA = 3
const SEEK_HOLE = 4

/** What is not a hole. A sparse file can be far larger than the disk. */
function* dataSegments(fd: number, size: number): Generator<{ start: number; end: number }> {
  for (let end = 0; end < size;) {
    const start = nextData(fd, end)
    if (start === undefined) return
    end = invoke('lseek', fd, start, SEEK_HOLE)
    yield { start, end }
  }
}

function nextData(fd: number, from: number): number | undefined {
  try {
    return invoke('lseek', fd, from, SEEK_DATA)
  } catch (error) {
    // Nothing but a hole up to the end.
    if (isErrno(error, 'ENXIO')) return undefined
    throw error
  }
}

/** Copies at most `bytes` bytes from position `at` to the same position; 0 at the end of the file. */
function copyChunk(from: number, to: number, at: number, bytes: number): number {
  invoke('lseek', from, at, SEEK_SET)
  invoke('lseek', to, at, SEEK_SET)
  try {
    return copyFileRange(from, to, bytes)
  } catch (error) {
    // EXDEV: other filesystem, before Linux 5.3 and again since 5.19 between kinds. EINVAL, EOPNOTSUPP: this filesystem never.
    if (!['EXDEV', 'EINVAL', 'EOPNOTSUPP', 'ENOSYS'].some((code) => isErrno(error, code))) throw error
    return copyThroughMemory(from, to, at, Math.min(bytes, 1 << 20))
  }
}

function copyThroughMemory(from: number, to: number, at: number, bytes: number): number {
  const buffer = Buffer.allocUnsafe(bytes)
  const read = readSync(from, buffer, 0, bytes, at)
  for (let written = 0; written < read;) written += writeSync(to, buffer, written, read - written, at + written)
  return read
}
