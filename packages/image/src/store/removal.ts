/** Docker's rules of `rmi`, as a pure decision: which names go, and whether the image goes with them. */
import { UserError } from '@mini-docker/syscall'
import { shortID, type ImageID } from '../digest.ts'
import { formatReference, formatRepository, type Reference } from '../reference.ts'

export type Removal = { untag: Reference[]; deletes: boolean }

/**
 * Decides what `docker rmi TEXT` does to an image with these names.
 *
 * - By name: that name goes. When it was the last tag of its repository, digest names of the same repository go too.
 *   When none is left, the image goes.
 * - By ID: all names and the image go; several tags need `force`.
 *
 * @throws UserError `conflict` with docker's words.
 */
export function planRemoval(id: ImageID, names: readonly Reference[], by: Reference | 'id', force: boolean): Removal {
  if (by === 'id') {
    if (!force && !isSingle(names)) {
      throw new UserError(
        'conflict',
        `conflict: unable to delete ${shortID(id)} (must be forced) - image is referenced in multiple repositories`,
      )
    }
    return { untag: [...names], deletes: true }
  }
  const rest = names.filter((name) => formatReference(name) !== formatReference(by))
  const sameRepository = rest.filter((name) => formatRepository(name) === formatRepository(by))
  const onlyDigests = by.tag !== undefined && sameRepository.every((name) => name.digest !== undefined)
  const alsoGone = onlyDigests ? sameRepository : []
  return { untag: [by, ...alsoGone], deletes: rest.length === alsoGone.length }
}

/** One name, or one tag with digests of the same repository. */
function isSingle(names: readonly Reference[]): boolean {
  if (names.length <= 1) return true
  const tags = names.filter(({ digest }) => digest === undefined)
  const repositories = new Set(names.map(formatRepository))
  return tags.length <= 1 && repositories.size === 1
}
