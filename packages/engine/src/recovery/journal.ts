/**
 * What a running container would leave on the host, written down before it is started: `/run/mini-docker/journal/<id>.json`.
 * /run is a tmpfs: a reboot takes away both the entry and what it is about.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import type { Call } from '@mini-docker/syscall'
import { writeVolatile } from '../state/atomic-file.ts'

export type JournalEntry = {
  id: string
  cgroupPath: string
  undo: Call[]
  /** Since its execve succeeded. */
  started?: { pid: number; startedAt: string }
}

export class Journal {
  readonly #dir: string

  constructor(runRoot: string) {
    this.#dir = path.join(runRoot, 'journal')
    fs.mkdirSync(this.#dir, { recursive: true, mode: 0o700 })
  }

  /** Before the container is started, and again when it runs. On a tmpfs: survives a killed daemon at once, no disk is waited for. */
  write(entry: JournalEntry): void {
    writeVolatile(
      this.#file(entry.id),
      JSON.stringify(entry, (_key, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)),
    )
  }

  /** When everything in the entry is undone. */
  remove(id: string): void {
    fs.rmSync(this.#file(id), { force: true })
  }

  read(id: string): JournalEntry | undefined {
    return readEntry(this.#file(id), id)
  }

  /** Every id that has an entry. Half-written ones (temporary names) are removed. */
  ids(): string[] {
    return fs.readdirSync(this.#dir).flatMap((name) => {
      const id = /^([0-9a-f]{64})\.json$/.exec(name)?.[1]
      if (id === undefined) fs.rmSync(path.join(this.#dir, name), { force: true, recursive: true })
      return id === undefined ? [] : [id]
    })
  }

  #file(id: string): string {
    return path.join(this.#dir, `${id}.json`)
  }
}

/** An entry that cannot be read still tells which cgroup may be left: its name is the id. */
function readEntry(file: string, id: string): JournalEntry | undefined {
  let text: string
  try {
    text = fs.readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const unreadable: JournalEntry = { id, cgroupPath: `mini-docker/${id}`, undo: [] }
  try {
    const entry = JSON.parse(text) as Partial<JournalEntry> | null
    return Array.isArray(entry?.undo) && entry.id === id ? { ...unreadable, ...entry } : unreadable
  } catch {
    return unreadable
  }
}
