/** A tree of manifests in which some blobs became others, compressed on their way: each manifest above them gets a new digest. */
import { digestOf } from '../digest.ts'
import type { Descriptor } from '../schema.ts'
import type { Planned, Tree } from './medium.ts'

/** The same images with the blobs of `replaced` (old digest → new descriptor). Pure. */
export function replaceBlobs(image: Planned, replaced: ReadonlyMap<string, Descriptor>): Planned {
  return { ...image, tree: replaceIn(image.tree, replaced) }
}

function replaceIn(tree: Tree, replaced: ReadonlyMap<string, Descriptor>): Tree {
  const children = tree.children.map((child) => replaceIn(child, replaced))
  const blobs = tree.blobs.map((blob) => replaced.get(blob.digest) ?? blob)
  const changed =
    blobs.some((blob, i) => blob !== tree.blobs[i]) ||
    children.some((child, i) => child.descriptor.digest !== tree.children[i]?.descriptor.digest)
  if (!changed) return tree
  const document = JSON.parse(tree.bytes.toString()) as { layers?: Descriptor[]; manifests?: Descriptor[] }
  if (document.layers !== undefined) document.layers = blobs.slice(1)
  if (document.manifests !== undefined) {
    document.manifests = document.manifests.map((one, i) => {
      const { digest, size } = children[i]?.descriptor ?? one
      return { ...one, digest, size }
    })
  }
  const bytes = Buffer.from(JSON.stringify(document))
  return { descriptor: { ...tree.descriptor, digest: digestOf(bytes), size: bytes.length }, bytes, children, blobs }
}
