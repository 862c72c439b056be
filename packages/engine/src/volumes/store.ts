/** Volumes of the `local` driver: `volumes/<name>/_data`, and what is known of each in `volume.json` beside it. */
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { UserError } from '@mini-docker/syscall'
import { writeDurable, writeVolatile } from '../state/atomic-file.ts'
import { Mutex } from '../state/mutex.ts'
import { checkVolumeName } from './name.ts'
import { readVolume, type Volume } from './volume-file.ts'

export type { Volume } from './volume-file.ts'

/** Docker's own mark on volumes that nobody named: `prune` takes these. */
export const ANONYMOUS_LABEL = 'com.docker.volume.anonymous'

/** No name of a volume begins so: what is being removed is none any more. */
const REMOVING = '.removing-'

export type CreateVolume = {
  /** Empty: an anonymous one. */
  name: string
  labels?: Record<string, string> | undefined
  options?: Record<string, string> | undefined
  /** Survives a power cut once it is made. */
  durable: boolean
}

export class VolumeStore {
  readonly #dir: string
  readonly #volumes = new Map<string, Volume>()
  readonly #locks = new Map<string, Mutex>()
  readonly #holds = new Map<string, Set<{ by: string }>>()

  constructor(root: string) {
    const dir = path.join(root, 'volumes')
    fs.mkdirSync(dir, { recursive: true, mode: 0o701 })
    // As mountinfo shows it: what is mounted in a volume is found by its path.
    this.#dir = fs.realpathSync(dir)
    for (const name of fs.readdirSync(this.#dir)) {
      const volume = name.startsWith('.') ? undefined : readVolume(path.join(this.#dir, name), name)
      if (volume !== undefined) this.#volumes.set(name, volume)
    }
  }

  /**
   * The volume of that name, made when absent: as in docker, one that exists is taken as it is. `fresh` when it was made now.
   * For those who hold its lock. @throws UserError `invalid` for a name that cannot be one.
   */
  async ensure({ name, labels, options, durable }: CreateVolume): Promise<{ volume: Volume; fresh: boolean }> {
    const known = this.#volumes.get(name)
    if (known !== undefined) return { volume: known, fresh: false }
    const anonymous = name === ''
    if (!anonymous) checkVolumeName(name)
    const volume: Volume = {
      name: anonymous ? randomBytes(32).toString('hex') : name,
      createdAt: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
      labels: anonymous ? { ...labels, [ANONYMOUS_LABEL]: '' } : labels,
      options,
      anonymous,
    }
    const [folder, data] = [this.folder(volume.name), JSON.stringify(volume)]
    fs.mkdirSync(this.dataPath(volume.name), { recursive: true, mode: 0o755 })
    // The folder of all volumes may be entered, each of them not: only through a container, or as root.
    fs.chmodSync(folder, 0o701)
    fs.chmodSync(this.dataPath(volume.name), 0o755)
    if (durable) {
      await writeDurable(path.join(folder, 'volume.json'), data)
      await syncFolder(this.#dir)
    } else writeVolatile(path.join(folder, 'volume.json'), data)
    this.#volumes.set(volume.name, volume)
    return { volume, fresh: true }
  }

  /** @throws UserError `not-found`, in docker's words. */
  get(name: string): Volume {
    const volume = this.#volumes.get(name)
    if (volume === undefined) throw new UserError('not-found', `get ${name}: no such volume`)
    return volume
  }

  has(name: string): boolean {
    return this.#volumes.has(name)
  }

  all(): Volume[] {
    return [...this.#volumes.values()]
  }

  folder(name: string): string {
    return path.join(this.#dir, name)
  }

  dataPath(name: string): string {
    return path.join(this.#dir, name, '_data')
  }

  /** One at a time for each name: making, filling, mounting and removing. */
  async locked<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    const lock = this.#locks.get(name) ?? new Mutex()
    this.#locks.set(name, lock)
    try {
      return await lock.run(work)
    } finally {
      if (!lock.busy) this.#locks.delete(name)
    }
  }

  /** Until it is disposed, `by` (a container that is being made or started) uses the volume. */
  hold(name: string, by: string): Disposable {
    const holders = this.#holds.get(name) ?? new Set()
    // Two holds of one container are two: it has the volume at two places, or somebody looks at it while it starts.
    const hold = { by }
    this.#holds.set(name, holders.add(hold))
    return {
      [Symbol.dispose]: () => {
        holders.delete(hold)
        if (holders.size === 0 && this.#holds.get(name) === holders) this.#holds.delete(name)
      },
    }
  }

  holders(name: string): string[] {
    return [...new Set([...(this.#holds.get(name) ?? [])].map(({ by }) => by))]
  }

  /**
   * Removes the volume and all that is in it. The name goes first: what is left of a removal that is cut short is no volume any more.
   * Whether a container uses it is the caller's to know, and nothing may be mounted in it.
   */
  async remove(name: string): Promise<void> {
    const gone = path.join(this.#dir, `${REMOVING}${randomBytes(8).toString('hex')}`)
    try {
      fs.renameSync(this.folder(name), gone)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    this.#volumes.delete(name)
    await fs.promises.rm(gone, { recursive: true, force: true })
  }

  /** Folders of removals that a crash cut short. */
  leftovers(): string[] {
    return fs
      .readdirSync(this.#dir)
      .filter((name) => name.startsWith(REMOVING))
      .map((name) => path.join(this.#dir, name))
  }
}

async function syncFolder(dir: string): Promise<void> {
  const handle = await fs.promises.open(dir, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
