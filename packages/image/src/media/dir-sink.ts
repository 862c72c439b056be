/**
 * skopeo's `dir:` as a sink (see dir-source.ts). An image that lies there already is replaced: its files are of use until
 * `manifest.json` is the new one, and go then.
 */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '@mini-docker/syscall'
import type { BlobProgress, OpenBlob, Planned, Presence, Sink, Tree } from '../copy/medium.ts'
import type { Digest } from '../digest.ts'
import type { Descriptor } from '../schema.ts'
import { syncDirectory, writeWhole } from '../store/durable.ts'
import { pathOf } from './dir-source.ts'
import { DirectoryFiles } from './files.ts'
import { lockDirectory } from '../store/lock-directory.ts'
import { hasFile, makeDirectory, removeStale, WholeFile, writeBlob } from './whole-file.ts'

const PARALLEL = 4
const LOCK_WAIT_MS = 60_000
const VERSION = 'Directory Transport Version: 1.1\n'
const OURS = /^[0-9a-f]{64}(?:\.manifest\.json)?$/

export class DirSink implements Sink {
  readonly location: string
  readonly parallel = PARALLEL
  readonly onePlatform = false
  readonly #directory: string
  readonly #held = new AsyncDisposableStack()

  constructor(directory: string) {
    this.location = `dir:${directory}`
    this.#directory = directory
  }

  /** @throws UserError `conflict` when something else lies in the directory. */
  async begin(images: readonly Planned[]): Promise<void> {
    if (images.length !== 1) throw new UserError('invalid', `${this.location} takes one image, not ${images.length}`)
    await makeDirectory(this.#directory)
    // It holds one image: of two copies at once, one would remove the other's files.
    this.#held.use(await lockDirectory(this.#directory, LOCK_WAIT_MS))
    const names = await readdir(this.#directory)
    if (names.length > 0 && !(await this.#isOurs())) {
      throw new UserError('conflict', `${this.#directory} is not a containers image directory`, {
        hint: 'its files are not overwritten: choose an empty or a new directory',
      })
    }
    await removeStale(this.#directory)
    if (!names.includes('version')) await writeWhole(join(this.#directory, 'version'), VERSION)
  }

  async presence(blob: Descriptor): Promise<Presence> {
    return { kind: (await hasFile(join(this.#directory, pathOf(blob)), blob.size)) ? 'present' : 'absent' }
  }

  async write(blob: Descriptor, open: OpenBlob, tell: (event: BlobProgress) => void): Promise<void> {
    await writeBlob(this.#directory, pathOf(blob), blob, open, (bytes) => tell({ state: 'transferring', bytes }))
    tell({ state: 'transferred' })
  }

  async writeUnknown(bytes: AsyncIterable<Uint8Array>): Promise<{ digest: Digest; size: number }> {
    await using file = await WholeFile.create(this.#directory)
    for await (const chunk of bytes) await file.write(chunk)
    const stored = file.stored()
    await file.commit(pathOf({ mediaType: '', digest: stored.digest }))
    return stored
  }

  /** The topmost one is `manifest.json`, and is written last: see finish. */
  async writeManifest({ descriptor, bytes }: Tree): Promise<void> {
    await writeBlob(
      this.#directory,
      pathOf(descriptor),
      descriptor,
      () => one(bytes),
      () => {},
    )
  }

  async finish([image]: readonly Planned[]): Promise<void> {
    if (image === undefined) return
    await writeWhole(join(this.#directory, 'manifest.json'), image.tree.bytes)
    const needed = new Set(filesUnder(image.tree))
    needed.delete(pathOf(image.tree.descriptor))
    for (const name of await readdir(this.#directory)) {
      if (OURS.test(name) && !needed.has(name)) await rm(join(this.#directory, name), { force: true })
    }
    await syncDirectory(this.#directory)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync()
  }

  async #isOurs(): Promise<boolean> {
    const version = await new DirectoryFiles(this.#directory).document('version', 'version').catch((error: unknown) => {
      if (error instanceof UserError) return undefined
      throw error
    })
    return version?.toString() === VERSION
  }
}

function filesUnder({ descriptor, children, blobs }: Tree): string[] {
  return [pathOf(descriptor), ...blobs.map(pathOf), ...children.flatMap(filesUnder)]
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
