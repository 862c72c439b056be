/** Images for the fault tests: large enough that a cut falls into the middle, the same each time, and not compressible. */
import { createCipheriv } from 'node:crypto'
import { ociImage, tarOf, type Content } from '../../../../test/harness/registry/index.ts'

/** Bytes that look random: a key stream. */
export function noise(bytes: number, seed: number): Buffer {
  const key = Buffer.alloc(16, seed)
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(bytes))
}

/** Layers of about so many bytes each, one file in each. */
export function noisyImage(sizes: readonly number[], seed = 1): Content {
  return ociImage(
    sizes.map((bytes, i) => ({
      tar: tarOf({ [`layer${i}/noise`]: noise(bytes, seed + i), [`layer${i}/name`]: `layer ${i} of seed ${seed}\n` }),
      compression: 'gzip',
    })),
  )
}

/** Sizes of the layers' blobs as the registry has them. */
export function layerSizes(content: Content): number[] {
  return content.blobs.slice(0, -1).map(({ length }) => length)
}
