/** `demo`: the image that needs no registry, since it is made from this machine's own files. */
import { parseName, type Reference } from '@mini-docker/image'

export { ensureDemo } from '@mini-docker/image'

/** Whether a reference means it. Without a tag, as text or asked for with all tags, it does too. */
export function isDemo(reference: Reference | string): boolean {
  const { domain, path, tag, digest } = typeof reference === 'string' ? parseName(reference) : reference
  return domain === 'docker.io' && path === 'library/demo' && (tag ?? 'latest') === 'latest' && digest === undefined
}
