/** `demo`: the image that needs no registry, since it is made from this machine's own files. */
export { ensureDemo } from '@mini-docker/image'

/** Whether a reference means it. */
export function isDemo(reference: string): boolean {
  return /^(docker\.io\/)?(library\/)?demo(:latest)?$/.test(reference)
}
