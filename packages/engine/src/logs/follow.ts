/** A log as an endless stream: what is there, then what comes, over rotations, until the container has ended. */
import { watch } from 'node:fs'
import {
  inodeOf,
  openParts,
  place,
  readRecords,
  seekTail,
  type LogPart,
  type LogRange,
  type LogRecord,
} from './reader.ts'

export type FollowOptions = LogRange & {
  /** Stay for what comes. */
  follow: boolean
  /** The container still writes; after it turned false, one last look is taken. */
  live: () => boolean
  signal: AbortSignal
}

/** inotify tells at once; the timer is for filesystems without it and for changes that came just before the watch. */
const POLL_MS = 250

/** The records of a log in order. */
export async function* readLog(path: string, options: FollowOptions): AsyncGenerator<LogRecord> {
  const parts = await openParts(path)
  try {
    if (options.tail !== undefined) await seekTail(parts, options.tail)
    using changes = options.follow ? new Changes(path.slice(0, path.lastIndexOf('/')), options.signal) : undefined
    for (;;) {
      const live = options.live()
      for (const part of parts) {
        for await (const record of readRecords(part)) {
          if (options.signal.aborted) return
          const where = place(record, options)
          if (where === 'after') return
          if (where === 'in') yield record
        }
      }
      // The newest is kept: what was written to it before a rotation is read when its successor shows up.
      for (const read of parts.splice(0, parts.length - 1)) await read.file.close()
      if (await openNewer(path, parts)) continue
      if (changes === undefined || !live || options.signal.aborted || past(options.until)) return
      await changes.next()
    }
  } finally {
    for (const part of parts) await part.file.close()
  }
}

function past(until: bigint | undefined): boolean {
  return until !== undefined && BigInt(Date.now()) * 1_000_000n > until
}

/** Adds the parts that came after those we have: the log was rotated, perhaps more than once. True when there are any. */
async function openNewer(path: string, parts: LogPart[]): Promise<boolean> {
  const newest = parts.at(-1)?.inode
  // Open files keep their inode numbers, so the same number is the same file.
  if (newest !== undefined && (await inodeOf(path)) === newest) return false
  const found = await openParts(path)
  // Everything up to the part we know is older than what we have.
  for (const { file } of found.splice(0, found.findIndex(({ inode }) => inode === newest) + 1)) await file.close()
  parts.push(...found)
  return found.length > 0
}

/** Wakes up when something in the folder changes. */
class Changes implements Disposable {
  readonly #watcher: ReturnType<typeof watch> | undefined
  #wake: () => void = () => undefined
  #changed = false

  constructor(folder: string, signal: AbortSignal) {
    try {
      this.#watcher = watch(folder, { signal, persistent: false }, () => this.#notify())
      this.#watcher.on('error', () => this.#notify())
    } catch {
      // No inotify watches left: polling does.
      this.#watcher = undefined
    }
    signal.addEventListener('abort', () => this.#notify(), { once: true })
  }

  /** Resolves at the next change, or at the one that came since the last call. */
  async next(): Promise<void> {
    if (!this.#changed) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, POLL_MS)
      this.#wake = resolve
      await promise
      clearTimeout(timer)
    }
    this.#changed = false
  }

  [Symbol.dispose](): void {
    this.#watcher?.close()
  }

  #notify(): void {
    this.#changed = true
    this.#wake()
  }
}
