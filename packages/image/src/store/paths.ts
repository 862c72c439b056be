/**
 * Where everything lies under the root of a store. `oci-layout`, `index.json` and `blobs` are an OCI image layout (image-spec,
 * image-layout.md); the rest stands beside it and is nothing to readers of the layout.
 *
 *   oci-layout  index.json  blobs/sha256/<hex>
 *   layers/<chainID hex>/{diff/,layer.json}      unpacked, an overlay lowerdir each
 *   layers/l/<16 hex>                            → ../<chainID hex>/diff: mount(2) takes one page of options
 *   tmp/                                         half-made things; whatever a dead process left is swept by gc
 *   .lock  .index.lock                           see lock.ts
 */
import { join } from 'node:path'
import { hexOf, sha256Only, type ChainID, type Digest } from '../digest.ts'

const SHORT_HEX = 16

export class StorePaths {
  readonly root: string
  readonly layoutFile: string
  readonly index: string
  readonly blobs: string
  readonly layers: string
  readonly links: string
  readonly tmp: string
  /** Shared: someone adds blobs or layers. Exclusive: someone removes them. */
  readonly lock: string
  /** Exclusive: someone changes index.json. */
  readonly indexLock: string

  constructor(root: string) {
    this.root = root
    this.layoutFile = join(root, 'oci-layout')
    this.index = join(root, 'index.json')
    this.blobs = join(root, 'blobs', 'sha256')
    this.layers = join(root, 'layers')
    this.links = join(this.layers, 'l')
    this.tmp = join(root, 'tmp')
    this.lock = join(root, '.lock')
    this.indexLock = join(root, '.index.lock')
  }
  blob(digest: Digest): string {
    return join(this.blobs, hexOf(sha256Only(digest)))
  }
  layer(chainID: ChainID): string {
    return join(this.layers, hexOf(chainID))
  }
  /** The path of a layer's tree relative to `layers/`, for `lowerdir=`. */
  shortLink(chainID: ChainID): string {
    return `l/${hexOf(chainID).slice(0, SHORT_HEX)}`
  }
}
