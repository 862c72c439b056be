/**
 * State files are written whole: a temporary file beside the target, fsync, rename, fsync of the folder. A reader (or a
 * daemon after a crash) sees the old file or the new one, never half of one. See rename(2), fsync(2).
 */
import * as fs from 'node:fs'
import * as path from 'node:path'

/** Writes `data` so that it survives a power cut once the promise resolves. */
export async function writeDurable(file: string, data: string): Promise<void> {
  const temporary = temporaryName(file)
  const handle = await fs.promises.open(temporary, 'w', 0o600)
  try {
    await handle.writeFile(data)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await fs.promises.rename(temporary, file)
  const folder = await fs.promises.open(path.dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Writes `data` whole, without waiting for the disk: for containers that are removed when they end. */
export function writeVolatile(file: string, data: string): void {
  const temporary = temporaryName(file)
  fs.writeFileSync(temporary, data, { mode: 0o600 })
  fs.renameSync(temporary, file)
}

let serial = 0

function temporaryName(file: string): string {
  return `${file}.tmp-${process.pid}-${++serial}`
}

/**
 * One state file with many writers: only the newest value matters, so while one write is under way later values
 * replace each other.
 */
export class StateFile {
  readonly #file: string
  readonly #durable: boolean
  #next: string | undefined
  #running: Promise<void> | undefined
  #closed = false

  readonly failed: (error: unknown) => void

  /** `failed` hears of writes nobody waited for: a full disk must be in the log. */
  constructor(file: string, durable: boolean, failed: (error: unknown) => void) {
    this.#file = file
    this.#durable = durable
    this.failed = failed
  }

  /** Takes the value; resolves when it, or a newer one, is on the disk. */
  save(data: string): Promise<void> {
    if (this.#closed) return Promise.resolve()
    if (!this.#durable) return Promise.try(writeVolatile, this.#file, data)
    this.#next = data
    this.#running ??= this.#drain()
    return this.#running
  }

  /** Takes no more values and waits for the write under way: before the folder is removed. */
  async close(): Promise<void> {
    this.#closed = true
    this.#next = undefined
    await this.#running?.catch(() => undefined)
  }

  /** Waits for what was saved so far. */
  async idle(): Promise<void> {
    await this.#running
  }

  async #drain(): Promise<void> {
    try {
      while (this.#next !== undefined) {
        const data = this.#next
        this.#next = undefined
        await writeDurable(this.#file, data)
      }
    } finally {
      this.#running = undefined
    }
  }
}
