/** `demo`: the image that needs no registry, since it is made from this machine's own files. */
import * as imagePackage from '@mini-docker/image'
import type { Image, ImageStore } from '@mini-docker/image'

/** Made now when it is absent. */
export function ensureDemo(store: ImageStore): Promise<Image> {
  return (imagePackage as unknown as { ensureDemo: (store: ImageStore) => Promise<Image> }).ensureDemo(store)
}

/** Whether a reference means it. */
export function isDemo(reference: string): boolean {
  return /^(docker\.io\/)?(library\/)?demo(:latest)?$/.test(reference)
}
