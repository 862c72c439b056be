/**
 * Reads a json-file log: `container.log` and its older parts `container.log.1`, `.2` … (the highest number is the
 * oldest). One record a line: `{"log":"hello\n","stream":"stdout","time":"2026-11-20T20:41:03.123456789Z"}`.
 */
import * as fs from 'node:fs'
import { parseRfc3339 } from '../clock.ts'

export type LogRecord = { stream: 1 | 2; text: string; time: string }

export type LogRange = {
  /** Only the last so many records; undefined is all. */
  tail: number | undefined
  /** Nanoseconds since the epoch, both ends included. */
  since: bigint | undefined
  until: bigint | undefined
}

const CHUNK_BYTES = 64 * 1024
const NEWLINE = 0x0a

/** One part of a log, open: a rotation behind our back does not take it away. */
export type LogPart = { file: fs.promises.FileHandle; inode: bigint; offset: number }

/** A rotation is a few renames: the second look is nearly always the last. */
const SNAPSHOTS = 50

/** The parts that exist, oldest first, as they were at one moment: none is missed or out of order because of a rotation meanwhile. */
export async function openParts(path: string): Promise<LogPart[]> {
  for (let attempt = 1; ; attempt++) {
    const found = new Map<string, LogPart>()
    for (const name of await partNames(path)) {
      const part = await openPart(name)
      if (part !== undefined) found.set(name, part)
    }
    if (attempt === SNAPSHOTS || (await isUnchanged(path, found))) return [...found.values()]
    for (const { file } of found.values()) await file.close()
  }
}

async function isUnchanged(path: string, found: ReadonlyMap<string, LogPart>): Promise<boolean> {
  for (const name of await partNames(path)) if ((await inodeOf(name)) !== found.get(name)?.inode) return false
  return true
}

/** The file's inode number, or undefined when it is gone. */
export async function inodeOf(path: string): Promise<bigint | undefined> {
  const stat = await fs.promises.stat(path, { bigint: true }).catch(() => undefined)
  return stat?.ino
}

/** Opens one part, or nothing when it is gone. */
async function openPart(path: string): Promise<LogPart | undefined> {
  try {
    const file = await fs.promises.open(path, 'r')
    return { file, inode: (await file.stat({ bigint: true })).ino, offset: 0 }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Names of the parts, oldest first; a gap in the numbers is skipped. */
async function partNames(path: string): Promise<string[]> {
  const slash = path.lastIndexOf('/')
  const base = path.slice(slash + 1)
  const names = await fs.promises.readdir(path.slice(0, slash)).catch(() => [])
  const numbers = names.flatMap((name) => {
    const match = name.startsWith(`${base}.`) ? /^\d{1,6}$/.exec(name.slice(base.length + 1)) : null
    return match === null ? [] : [Number(match[0])]
  })
  return [...numbers.toSorted((a, b) => b - a).map((number) => `${path}.${number}`), path]
}

/** Sets every part's offset so that reading on yields the last `count` records. */
export async function seekTail(parts: LogPart[], count: number): Promise<void> {
  let missing = count
  for (const part of parts.toReversed()) {
    const { size } = await part.file.stat()
    part.offset = missing === 0 ? size : await offsetOfLast(part, size, missing)
    if (missing > 0) missing -= Math.min(missing, await countLines(part, size))
  }
}

/** Where the last `count` lines of a part begin; 0 when it has no more than those. */
async function offsetOfLast(part: LogPart, size: number, count: number): Promise<number> {
  const buffer = Buffer.alloc(CHUNK_BYTES)
  let found = 0
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - CHUNK_BYTES)
    const { bytesRead } = await part.file.read(buffer, 0, end - start, start)
    for (let index = bytesRead - 1; index >= 0; index--) {
      // The newline that ends the last record separates nothing.
      if (buffer[index] !== NEWLINE || start + index === size - 1) continue
      if (++found === count) return start + index + 1
    }
    end = start
  }
  return 0
}

async function countLines(part: LogPart, size: number): Promise<number> {
  let lines = 0
  const buffer = Buffer.alloc(CHUNK_BYTES)
  for (let offset = part.offset; offset < size;) {
    const { bytesRead } = await part.file.read(buffer, 0, Math.min(CHUNK_BYTES, size - offset), offset)
    if (bytesRead === 0) break
    for (let index = 0; index < bytesRead; index++) if (buffer[index] === NEWLINE) lines++
    offset += bytesRead
  }
  return lines
}

/** Reads complete lines from the part's offset to its present end, and moves the offset. A record that is still being written stays for the next time. */
export async function* readRecords(part: LogPart): AsyncGenerator<LogRecord> {
  let rest: Buffer = Buffer.alloc(0)
  for (;;) {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    const { bytesRead } = await part.file.read(buffer, 0, CHUNK_BYTES, part.offset + rest.length)
    if (bytesRead === 0) return
    const data =
      rest.length === 0 ? buffer.subarray(0, bytesRead) : Buffer.concat([rest, buffer.subarray(0, bytesRead)])
    let start = 0
    for (let newline = data.indexOf(NEWLINE); newline !== -1; newline = data.indexOf(NEWLINE, start)) {
      const record = parseRecord(data.toString('utf8', start, newline))
      part.offset += newline + 1 - start
      start = newline + 1
      if (record !== undefined) yield record
    }
    rest = data.subarray(start)
  }
}

/** A line that a crash cut in half is skipped, not fatal: the rest of the log is still good. */
export function parseRecord(line: string): LogRecord | undefined {
  try {
    const { log, stream, time } = JSON.parse(line) as { log?: unknown; stream?: unknown; time?: unknown }
    if (typeof log !== 'string' || typeof time !== 'string') return undefined
    return { stream: stream === 'stderr' ? 2 : 1, text: log, time }
  } catch {
    return undefined
  }
}

/** Before, in, or after the range of time. */
export function place(record: LogRecord, { since, until }: LogRange): 'before' | 'in' | 'after' {
  if (since === undefined && until === undefined) return 'in'
  const time = parseRfc3339(record.time)
  if (time === undefined) return 'in'
  if (since !== undefined && time < since) return 'before'
  return until !== undefined && time > until ? 'after' : 'in'
}
