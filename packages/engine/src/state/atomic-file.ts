/**
 * State files are written whole: a temporary file beside the target, then rename. A reader (or a daemon after a crash) sees
 * the old file or the new one, never half of one. What must survive a power cut too is fsynced, file and folder. See rename(2), fsync(2).
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import { tell } from '@mini-docker/syscall'

/** Writes `data` so that it survives a power cut once the promise resolves. */
export function writeDurable(file: string, data: string): Promise<void> {
  return tell(
    'daemon.file',
    () => `rename("${file}.tmp", "${file}") after fsync of ${data.length} bytes`,
    () => replaceDurably(file, data),
  )
}

async function replaceDurably(file: string, data: string): Promise<void> {
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

/** Writes `data` whole, without waiting for the disk. */
export function writeVolatile(file: string, data: string): void {
  const temporary = temporaryName(file)
  tell(
    'daemon.file',
    () => `rename("${file}.tmp", "${file}") with ${data.length} bytes`,
    () => {
      fs.writeFileSync(temporary, data, { mode: 0o600 })
      fs.renameSync(temporary, file)
    },
  )
}

let serial = 0

function temporaryName(file: string): string {
  return `${file}.tmp-${process.pid}-${++serial}`
}

/**
 * state.json of one container: written whole at every change, without waiting for the disk. After a power cut nothing
 * runs, and how containers ended stands in their `exit` files, which are on the disk (docs/decisions/005-state-is-found-again.md).
 */
export class StateFile {
  readonly #file: string
  readonly #failed: (error: unknown) => void
  #closed = false

  /** `failed` hears of writes that did not succeed: a full disk must be in the log. */
  constructor(file: string, failed: (error: unknown) => void) {
    this.#file = file
    this.#failed = failed
  }

  save(data: string): void {
    if (this.#closed) return
    try {
      writeVolatile(this.#file, data)
    } catch (error) {
      this.#failed(error)
    }
  }

  /** Takes no more: before the folder is removed. */
  close(): void {
    this.#closed = true
  }
}
