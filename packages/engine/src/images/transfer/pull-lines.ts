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
  /** Layers of this pull that are not here yet: of all others nothing is told. */
  readonly #awaited = new Set<Digest>()
  #silent = false

  constructor(facts: PullFacts, pacer = new Pacer()) {
    this.#facts = facts
    this.#pacer = pacer
  }

  /** The lines for an event, of this pull or of another one that fetches the same layer: none, one or two. */
  lines(event: CopyEvent): ProgressMessage[] {
    if (event.kind !== 'blob') return []
    const { blob, role, progress } = event
    if (progress.state === 'planned') return this.#planned(blob, role)
    return this.#awaited.has(blob.digest) ? this.#ofLayer(blob, progress) : []
  }

  #planned({ digest }: Descriptor, role: 'config' | 'layer'): ProgressMessage[] {
    if (role === 'config') this.#silent = this.#facts.hasImage(digest)
    if (role === 'config' || this.#silent) return []
    if (this.#facts.hasLayer(digest)) return [line('Already exists', digest)]
    this.#awaited.add(digest)
    return [line('Pulling fs layer', digest)]
  }

  #ofLayer({ digest, size }: Descriptor, progress: Exclude<BlobState, { state: 'planned' }>): ProgressMessage[] {
    switch (progress.state) {
      case 'waiting':
        return [line('Waiting', digest)]
      case 'transferring':
        return this.#howFar('Downloading', digest, progress.bytes, size)
      case 'verifying':
        return [line('Verifying Checksum', digest)]
      case 'transferred':
        // What comes is unpacked as it comes: when the last byte is here, the last one is at work.
        return [line('Download complete', digest), progressMessage('Extracting', shortID(digest), size, size)]
      case 'unpacking':
        return this.#howFar('Extracting', digest, progress.bytes, size)
      case 'present':
      case 'mounted':
        this.#awaited.delete(digest)
        return [line('Already exists', digest)]
      case 'done':
        this.#awaited.delete(digest)
        return [line('Pull complete', digest)]
    }
  }

  #howFar(status: string, digest: Digest, bytes: number, size: number): ProgressMessage[] {
    const passes = this.#pacer.passes(`${status} ${digest}`, bytes === size)
    return passes ? [progressMessage(status, shortID(digest), bytes, size)] : []
  }
}

function line(status: string, digest: Digest): ProgressMessage {
  return { status, progressDetail: {}, id: shortID(digest) }
}
