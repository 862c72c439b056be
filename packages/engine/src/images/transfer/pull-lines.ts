/**
 * What a copy tells while it goes on, as the lines that `docker pull` shows. Pure.
 *
 *   Pulling fs layer → Waiting → Downloading … → Verifying Checksum → Download complete → Extracting … → Pull complete
 *   Already exists
 */
import { shortID, type BlobState, type CopyEvent, type Descriptor, type Digest } from '@mini-docker/image'
import type { ProgressMessage } from '../../api/progress.ts'
import { progressMessage } from './bar.ts'
import { Pacer } from './pacer.ts'

export type PullFacts = {
  /** Whether the image with this config is all there: then docker tells nothing of its layers. */
  hasImage(config: Digest): boolean
  hasLayer(layer: Digest): boolean
}

export class PullLines {
  readonly #facts: PullFacts
  readonly #pacer: Pacer
  readonly #told = new Set<Digest>()
  #silent = false

  constructor(facts: PullFacts, pacer = new Pacer()) {
    this.#facts = facts
    this.#pacer = pacer
  }

  /** The lines for an event: none, one or two. */
  lines(event: CopyEvent): ProgressMessage[] {
    if (event.kind !== 'blob') return []
    const { blob, role, progress } = event
    if (role === 'config') {
      if (progress.state === 'planned') this.#silent = this.#facts.hasImage(blob.digest)
      return []
    }
    if (this.#silent) return []
    const line = this.#ofLayer(blob, progress)
    const lines = line === undefined ? [] : [line]
    // What comes is unpacked as it comes: when the last byte is here, the last one is at work.
    return progress.state === 'transferred' ? [...lines, ...this.#unpacked(blob)] : lines
  }

  #ofLayer(blob: Descriptor, progress: BlobState): ProgressMessage | undefined {
    const id = shortID(blob.digest)
    const message = (status: string): ProgressMessage => ({ status, progressDetail: {}, id })
    switch (progress.state) {
      case 'planned':
        return this.#facts.hasLayer(blob.digest) ? this.#alreadyExists(blob) : message('Pulling fs layer')
      case 'waiting':
        return this.#told.has(blob.digest) ? undefined : message('Waiting')
      case 'transferring':
        return this.#howFar('Downloading', blob, progress.bytes)
      case 'verifying':
        return message('Verifying Checksum')
      case 'transferred':
        return message('Download complete')
      case 'unpacking':
        return this.#howFar('Extracting', blob, progress.bytes)
      case 'present':
      case 'mounted':
        return this.#alreadyExists(blob)
      case 'done':
        return message('Pull complete')
    }
  }

  #unpacked({ digest, size }: Descriptor): ProgressMessage[] {
    return [progressMessage('Extracting', shortID(digest), size, size)]
  }

  /** Docker tells it once, in place of the first line of that layer. */
  #alreadyExists({ digest }: Descriptor): ProgressMessage | undefined {
    if (this.#told.has(digest)) return undefined
    this.#told.add(digest)
    return { status: 'Already exists', progressDetail: {}, id: shortID(digest) }
  }

  #howFar(status: string, { digest, size }: Descriptor, bytes: number): ProgressMessage | undefined {
    if (!this.#pacer.passes(`${status} ${digest}`, bytes === size)) return undefined
    return progressMessage(status, shortID(digest), bytes, size)
  }
}
