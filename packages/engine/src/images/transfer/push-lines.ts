/**
 * What a copy tells while it goes on, as the lines that `docker push` shows. Pure. Layers are called by their diffIDs, topmost first.
 *
 *   Preparing → Waiting → Pushing … → Pushed
 *   Layer already exists · Mounted from library/alpine
 */
import {
  shortID,
  type BlobState,
  type CopyEvent,
  type Descriptor,
  type DiffID,
  type Digest,
  type Planned,
} from '@mini-docker/image'
import type { ProgressMessage } from '../../api/progress.ts'
import { progressMessage } from './bar.ts'
import { Pacer } from './pacer.ts'

export class PushLines {
  readonly #diffIDs: ReadonlyMap<Digest, DiffID>
  readonly #pacer: Pacer

  /** `diffIDs` of the layers that will be told of. */
  constructor(diffIDs: ReadonlyMap<Digest, DiffID>, pacer = new Pacer()) {
    this.#diffIDs = diffIDs
    this.#pacer = pacer
  }

  lines(event: CopyEvent): ProgressMessage[] {
    if (event.kind === 'planned') return this.#preparing(event.image)
    if (event.role === 'config') return []
    const line = this.#ofLayer(event.blob, event.progress)
    return line === undefined ? [] : [line]
  }

  #preparing({ tree }: Planned): ProgressMessage[] {
    const [, ...layers] = tree.blobs
    const ids = [...new Set(layers.map((layer) => this.#id(layer)))].toReversed()
    return ids.map((id) => ({ status: 'Preparing', progressDetail: {}, id }))
  }

  #ofLayer(blob: Descriptor, progress: BlobState): ProgressMessage | undefined {
    const id = this.#id(blob)
    const message = (status: string): ProgressMessage => ({ status, progressDetail: {}, id })
    switch (progress.state) {
      case 'waiting':
        return message('Waiting')
      case 'transferring':
        if (!this.#pacer.passes(id, progress.bytes === blob.size)) return undefined
        return progressMessage('Pushing', id, progress.bytes, blob.size)
      case 'present':
        return message('Layer already exists')
      case 'mounted':
        return message(`Mounted from ${progress.from.path}`)
      case 'done':
        return message('Pushed')
      case 'planned':
      case 'verifying':
      case 'transferred':
      case 'unpacking':
        return undefined
    }
  }

  #id({ digest }: Descriptor): string {
    return shortID(this.#diffIDs.get(digest) ?? digest)
  }
}
