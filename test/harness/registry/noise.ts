/** Images for fault tests: large enough that a cut falls into the middle, the same each time, and not compressible. */
import { createCipheriv } from 'node:crypto'
import { ociImage, tarOf, type Content } from './content.ts'

/** Bytes that look random: a key stream. */
export function noise(bytes: number, seed: number): Buffer {
  const key = Buffer.alloc(16, seed)
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(bytes))
}

/** Layers of about so many bytes each: `layerN/noise`, and `layerN/name` to look at. */
export function noisyImage(sizes: readonly number[], seed = 1): Content {
  return ociImage(
    sizes.map((bytes, i) => ({
      tar: tarOf({ [`layer${i}/noise`]: noise(bytes, seed + i), [`layer${i}/name`]: `layer ${i} of seed ${seed}\n` }),
      compression: 'gzip',
    })),
  )
}
