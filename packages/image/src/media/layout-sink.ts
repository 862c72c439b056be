/**
 * A directory that is an OCI image layout, as a sink. What other images are in it stays. At all times it is valid: a blob appears
 * whole, and `index.json` names a manifest when all that it needs is there.
 */
import { existsSync } from 'node:fs'
import { lstat, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '@mini-docker/syscall'
import type { BlobProgress, OpenBlob, Planned, Presence, Sink, Tree } from '../copy/medium.ts'
import { hexOf, sha256Only, type Digest } from '../digest.ts'
import { JSON_BYTES_MAX, parseJSON, tooBig } from '../json.ts'
import { Index, LayoutFile, type Descriptor } from '../schema.ts'
import { EMPTY_INDEX } from '../store/index-file.ts'
import { writeWhole } from '../store/durable.ts'
import { takeLock } from '../store/lock.ts'
import { REF_NAME, withName } from '../store/names.ts'
import { DirectoryFiles } from './files.ts'
import { lockDirectory } from '../store/lock-directory.ts'
import { withRefName } from './ref-name.ts'
import { hasFile, makeDirectory, removeStale, WholeFile, writeBlob } from './whole-file.ts'

const PARALLEL = 4
const LOCK_WAIT_MS = 60_000

export class LayoutSink implements Sink {
  readonly location: string
  readonly parallel = PARALLEL
  readonly onePlatform = false
  readonly #root: string
  readonly #blobs: string
  /** What the image is to be called, as skopeo has it: any text. Without, it keeps the names that it comes with. */
  readonly #name: string | undefined

  constructor(directory: string, name?: string) {
    this.location = `oci:${directory}${name === undefined ? '' : `:${name}`}`
    this.#root = directory
    this.#blobs = join(directory, 'blobs', 'sha256')
    this.#name = name
  }

  async begin(images: readonly Planned[]): Promise<void> {
    if (this.#name !== undefined && images.length > 1) {
      throw new UserError('invalid', `${this.location} is the name of one image, not of ${images.length}`)
    }
    await makeDirectory(this.#root)
    await using _lock = await lockLayout(this.#root)
    for (const directory of [join(this.#root, 'blobs'), this.#blobs]) await makeOwn(directory)
    await removeStale(this.#blobs)
    const [index, layoutFile] = [join(this.#root, 'index.json'), join(this.#root, 'oci-layout')]
    if (!existsSync(index)) await writeWhole(index, EMPTY_INDEX)
    if (!existsSync(layoutFile)) await writeWhole(layoutFile, '{"imageLayoutVersion":"1.0.0"}')
    await this.#index()
  }

  async presence({ digest, size }: Descriptor): Promise<Presence> {
    return { kind: (await hasFile(join(this.#blobs, nameOfBlob(digest)), size)) ? 'present' : 'absent' }
  }

  async write(blob: Descriptor, openBlob: OpenBlob, tell: (event: BlobProgress) => void): Promise<void> {
    await writeBlob(this.#blobs, nameOfBlob(blob.digest), blob, openBlob, (bytes) =>
      tell({ state: 'transferring', bytes }),
    )
    tell({ state: 'transferred' })
  }

  async writeUnknown(bytes: AsyncIterable<Uint8Array>): Promise<{ digest: Digest; size: number }> {
    await using file = await WholeFile.create(this.#blobs)
    for await (const chunk of bytes) await file.write(chunk)
    const stored = file.stored()
    await file.commit(nameOfBlob(stored.digest))
    return stored
  }

  async writeManifest({ descriptor, bytes }: Tree): Promise<void> {
    const { digest, size } = descriptor
    const name = nameOfBlob(digest)
    if (await hasFile(join(this.#blobs, name), size)) return
    await writeBlob(
      this.#blobs,
      name,
      descriptor,
      () => one(bytes),
      () => {},
    )
  }

  async finish(images: readonly Planned[]): Promise<void> {
    await using _lock = await lockLayout(this.#root)
    const index = await this.#index()
    const entries = images.flatMap((image) => this.#entries(image))
    const manifests = entries.reduce(putEntry, index.manifests)
    const bytes = Buffer.from(JSON.stringify({ ...index, manifests }))
    // Read back with the same cap: a longer file could never be read again.
    if (bytes.length > JSON_BYTES_MAX) throw tooBig(`index.json of ${this.location}`, bytes.length)
    await writeWhole(join(this.#root, 'index.json'), bytes)
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #entries({ tree: { descriptor }, names }: Planned): Descriptor[] {
    const plain = withName(descriptor, undefined)
    if (this.#name !== undefined) return [withRefName(plain, this.#name)]
    return names.length === 0 ? [plain] : names.map((name) => withName(plain, name))
  }

  async #index(): Promise<Index> {
    const files = new DirectoryFiles(this.#root)
    const layout = `oci-layout of ${this.location}`
    const { imageLayoutVersion } = parseJSON(layout, await files.document(layout, 'oci-layout'), LayoutFile)
    if (!imageLayoutVersion.startsWith('1.')) {
      throw new UserError('not-built', `${layout} is of version ${imageLayoutVersion}, only 1.x is known`)
    }
    const what = `index.json of ${this.location}`
    return parseJSON(what, await files.document(what, 'index.json'), Index)
  }
}

/** An entry takes the place of the one with its name, as skopeo does it; one without a name comes once. */
function putEntry(manifests: Descriptor[], entry: Descriptor): Descriptor[] {
  const name = entry.annotations?.[REF_NAME]
  const same = (one: Descriptor): boolean => {
    const other = one.annotations?.[REF_NAME]
    return name === undefined ? one.digest === entry.digest && other === undefined : other === name
  }
  const at = manifests.findIndex(same)
  if (at === -1) return [...manifests, entry]
  return manifests.flatMap((one, i) => (i === at ? [entry] : same(one) ? [] : [one]))
}

/** Writers of a store take turns at its own lock; of other layouts at their directory. */
async function lockLayout(root: string): Promise<AsyncDisposable> {
  const storeLock = join(root, '.index.lock')
  if (existsSync(storeLock)) return await takeLock(storeLock, 'exclusive')
  return await lockDirectory(root, LOCK_WAIT_MS)
}

/** Through a symbolic link, blobs would be written wherever it leads. */
async function makeOwn(directory: string): Promise<void> {
  await mkdir(directory).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error
  })
  if ((await lstat(directory)).isDirectory()) return
  throw new UserError('invalid', `${directory} is no directory`, { hint: 'this is no OCI layout to write into' })
}

function nameOfBlob(digest: Digest): string {
  return hexOf(sha256Only(digest))
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
