/**
 * `index.json`: the list of images, and with it the roots of everything in the store. Others may write it too (`skopeo copy …
 * oci:DIR:name`, the `image` command beside a daemon), so it is read anew whenever the file is another one.
 */
import { statSync } from 'node:fs'
import { UserError } from '@mini-docker/syscall'
import { JSON_BYTES_MAX, parseJSON, tooBig } from '../json.ts'
import { OCI_INDEX } from '../media-type.ts'
import { Index, type Descriptor } from '../schema.ts'
import { readCapped, type Blobs } from './blobs.ts'
import { writeWhole } from './durable.ts'
import type { ReadBlob } from './image.ts'
import { takeLock } from './lock.ts'
import type { StorePaths } from './paths.ts'
import { withoutTwins, withTwins, type Twin } from './twins.ts'

export class IndexFile {
  readonly #paths: StorePaths
  readonly #blobs: Blobs
  #cache: { stamp: string; written: Index; index: Index } | undefined

  constructor(paths: StorePaths, blobs: Blobs) {
    this.#paths = paths
    this.#blobs = blobs
  }

  /** The images, without the twins that stand there for others. @throws UserError `unavailable` when the file is missing or half-written. */
  read(): Index {
    return this.#current().index
  }

  /** All that is written there: what must stay in the store. @throws UserError as `read`. */
  readAll(): Index {
    return this.#current().written
  }

  /**
   * Replaces the list, one writer at a time. Fields and descriptors that this store does not know stay as they are.
   * The file is not touched when nothing changes.
   */
  async update(change: (manifests: Descriptor[]) => Descriptor[]): Promise<void> {
    // Keeps gc away, which would take the temporary file, and twins that are not in the list yet. First, as by who adds blobs.
    await using _blobs = await takeLock(this.#paths.lock, 'shared')
    await using _lock = await takeLock(this.#paths.indexLock, 'exclusive')
    const { index, written } = this.#current()
    const read: ReadBlob = (what, { digest }) => this.#blobs.read(what, digest)
    const { manifests, twins } = withTwins(change([...index.manifests]), read)
    const text = JSON.stringify({ ...index, manifests }, null, 2)
    if (text === JSON.stringify(written, null, 2)) return
    // Read back with the same cap: a longer file could never be read again.
    const bytes = Buffer.byteLength(text)
    if (bytes > JSON_BYTES_MAX) throw tooBig(this.#paths.index, bytes)
    for (const twin of twins) await this.#keep(twin)
    await writeWhole(this.#paths.index, `${text}\n`)
  }

  #current(): { written: Index; index: Index } {
    const stamp = this.#stamp()
    if (this.#cache?.stamp !== stamp) {
      const written = this.#parse()
      this.#cache = { stamp, written, index: { ...written, manifests: withoutTwins(written.manifests) } }
    }
    return this.#cache
  }

  async #keep({ descriptor, bytes }: Twin): Promise<void> {
    if (this.#blobs.size(descriptor.digest) === undefined) await this.#blobs.ingest(bytes, descriptor)
  }

  /** A renamed-over file has another inode or change time, even within one tick of the clock. */
  #stamp(): string {
    const stat = statSync(this.#paths.index, { bigint: true, throwIfNoEntry: false })
    return stat === undefined ? 'missing' : `${stat.ino} ${stat.ctimeNs} ${stat.size}`
  }

  #parse(): Index {
    try {
      return parseJSON(this.#paths.index, readCapped(this.#paths.index, this.#paths.index), Index)
    } catch (cause) {
      throw new UserError('unavailable', `the list of images cannot be read: ${(cause as Error).message}`, {
        cause,
        hint: `repair or remove ${this.#paths.index}; without it the store counts as empty`,
      })
    }
  }
}

export const EMPTY_INDEX = `${JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] }, null, 2)}\n`
