/** Volumes of the `local` driver: `volumes/<name>/_data`, and what is known of each in `volume.json` beside it. */
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { UserError } from '@mini-docker/syscall'
import { writeVolatile } from '../state/atomic-file.ts'

export type Volume = { name: string; createdAt: string; labels: Record<string, string>; anonymous: boolean }

export class VolumeStore {
  readonly #dir: string
  readonly #volumes = new Map<string, Volume>()

  constructor(root: string) {
    this.#dir = path.join(root, 'volumes')
    fs.mkdirSync(this.#dir, { recursive: true, mode: 0o701 })
    for (const name of fs.readdirSync(this.#dir)) {
      const volume = this.#read(name)
      if (volume !== undefined) this.#volumes.set(name, volume)
    }
  }

  /** The volume of that name, made when absent; an empty name makes an anonymous one. `fresh` when it was made now. */
  ensure(name: string, labels: Record<string, string> = {}): { volume: Volume; fresh: boolean } {
    const known = this.#volumes.get(name)
    if (known !== undefined) return { volume: known, fresh: false }
    const anonymous = name === ''
    const volume: Volume = {
      name: anonymous ? randomBytes(32).toString('hex') : name,
      createdAt: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
      labels,
      anonymous,
    }
    fs.mkdirSync(this.dataPath(volume.name), { recursive: true, mode: 0o755 })
    writeVolatile(path.join(this.#dir, volume.name, 'volume.json'), JSON.stringify(volume))
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

  dataPath(name: string): string {
    return path.join(this.#dir, name, '_data')
  }

  /** Removes the volume and all that is in it. Whether a container uses it is the caller's to know. */
  async remove(name: string): Promise<void> {
    this.#volumes.delete(name)
    await fs.promises.rm(path.join(this.#dir, name), { recursive: true, force: true })
  }

  /** A volume whose description is lost keeps its data: only an empty one was half made. */
  #read(name: string): Volume | undefined {
    const folder = path.join(this.#dir, name)
    try {
      return JSON.parse(fs.readFileSync(path.join(folder, 'volume.json'), 'utf8')) as Volume
    } catch {
      const data = fs.existsSync(this.dataPath(name)) ? fs.readdirSync(this.dataPath(name)) : []
      if (data.length === 0) fs.rmSync(folder, { recursive: true, force: true })
      if (data.length === 0) return undefined
      const createdAt = fs
        .statSync(folder)
        .mtime.toISOString()
        .replace(/\.\d+Z$/, 'Z')
      return { name, createdAt, labels: {}, anonymous: /^[0-9a-f]{64}$/.test(name) }
    }
  }
}
