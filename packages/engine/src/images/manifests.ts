/** `Manifests` of GET /images/{name}/json?manifests=1: the store keeps one image of an index, so there is one. */
import type { Image } from '@mini-docker/image'
import { platformOf } from './platform.ts'

/** Docker's image.ManifestSummary. `containers` are made of it. */
export function manifestSummaries(image: Image, containers: string[]): object[] {
  const { manifestDigest, manifestMediaType, manifestSize, layers, sizeBytes } = image
  const content = manifestSize + layers.reduce((sum, { size }) => sum + size, 0)
  return [
    {
      ID: manifestDigest,
      Descriptor: { mediaType: manifestMediaType, digest: manifestDigest, size: manifestSize },
      Available: true,
      Size: { Content: content, Total: content + sizeBytes },
      Kind: 'image',
      ImageData: { Platform: platformOf(image), Containers: containers, Size: { Unpacked: sizeBytes } },
    },
  ]
}
