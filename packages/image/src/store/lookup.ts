/** Which image a user means: docker's rules, over a list. */
import { UserError } from '@mini-docker/syscall'
import { hexOf, parseDigest, type Digest } from '../digest.ts'
import { familiarReference, familiarRepository, parseReference, type Reference } from '../reference.ts'
import type { Image } from './image.ts'

/** `by` is the name that it was found under, or 'id'. */
export type Found = { image: Image; by: Reference | 'id' }

/** A name wins over the start of an ID: `docker run beef` runs the image named beef. */
export function findImage(images: readonly Image[], text: string): Found | undefined {
  const digest = wholeDigest(text)
  if (digest !== undefined) {
    const image =
      images.find(({ id }) => id === digest) ?? images.find(({ manifestDigest }) => manifestDigest === digest)
    return image && { image, by: 'id' }
  }
  const name = tryReference(text)
  if (!(name instanceof UserError)) {
    const found = byName(images, name)
    if (found !== undefined) return found
  }
  const prefix = /^(?:sha256:)?([0-9a-f]{1,64})$/.exec(text)?.[1]
  if (prefix !== undefined) {
    const [image, ...others] = images.filter(({ id }) => hexOf(id).startsWith(prefix))
    if (others.length > 0) {
      throw new UserError('invalid', `image ID ${text} fits ${others.length + 1} images`, {
        hint: 'give more digits of it',
      })
    }
    return image && { image, by: 'id' }
  }
  if (name instanceof UserError) throw name
  return undefined
}

/** With a digest, the tag is not looked at, as in docker. */
function byName(images: readonly Image[], name: Reference): Found | undefined {
  if (name.digest === undefined) {
    const familiar = familiarReference(name)
    const image = images.find(({ names }) => names.includes(familiar))
    return image && { image, by: name }
  }
  const { tag: _tag, ...untagged } = name
  const familiar = familiarReference(untagged)
  const named = images.find(({ repoDigests }) => repoDigests.includes(familiar))
  if (named !== undefined) return { image: named, by: untagged }
  const repository = `${familiarRepository(name)}:`
  const image = images.find(
    ({ names, manifestDigest, id }) =>
      (manifestDigest === name.digest || id === name.digest) && names.some((one) => one.startsWith(repository)),
  )
  return image && { image, by: 'id' }
}

function wholeDigest(text: string): Digest | undefined {
  if (/^[0-9a-f]{64}$/.test(text)) return parseDigest(`sha256:${text}`)
  return /^sha256:[0-9a-f]{64}$/.test(text) ? parseDigest(text) : undefined
}

function tryReference(text: string): Reference | UserError {
  try {
    return parseReference(text)
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
}
