/** Which images GET /images/json shows. */
import * as path from 'node:path'
import { parseName, familiarReference, type Image } from '@mini-docker/image'
import { UserError } from '@mini-docker/syscall'
import { filterFlag, matchAny, matchLabels, type Filters } from '../api/query.ts'

export const IMAGE_FILTERS = ['before', 'dangling', 'label', 'reference', 'since', 'until']

/** Newest first; with a `reference` filter each image only with the names that match. `find` resolves the names in before and since. */
export function filterImages(images: Image[], filters: Filters, find: (name: string) => Image | undefined): Image[] {
  const created = (image: Image): number => (image.created === undefined ? 0 : Date.parse(image.created))
  const bound = (name: 'before' | 'since'): number | undefined => {
    const wanted = filters.get(name)?.[0]
    if (wanted === undefined) return undefined
    const image = find(wanted)
    if (image === undefined) throw new UserError('not-found', `No such image: ${wanted}`)
    return created(image)
  }
  const [before, since] = [bound('before'), bound('since')]
  const dangling = filterFlag(filters, 'dangling')
  return images
    .flatMap((image) => withMatchingNames(image, filters))
    .filter(
      (image) =>
        (before === undefined || created(image) < before) &&
        (since === undefined || created(image) > since) &&
        (dangling === undefined || dangling === (image.names.length === 0)) &&
        matchLabels(filters, image.config.config?.Labels ?? {}) &&
        matchAny(filters, 'until', (value) => created(image) < untilMs(value)),
    )
    .toSorted((a, b) => created(b) - created(a))
}

function untilMs(value: string): number {
  const seconds = Number(value)
  return Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value)
}

function withMatchingNames(image: Image, filters: Filters): Image[] {
  if (!filters.has('reference')) return [image]
  const fits = (name: string): boolean => matchAny(filters, 'reference', (pattern) => matchReference(pattern, name))
  const [names, repoDigests] = [image.names.filter(fits), image.repoDigests.filter(fits)]
  return names.length + repoDigests.length === 0 ? [] : [{ ...image, names, repoDigests }]
}

/** Docker's FamiliarMatch: a shell pattern for the whole familiar name, or for the name without its tag. */
function matchReference(pattern: string, name: string): boolean {
  const reference = parseName(name)
  const familiar = familiarReference(reference)
  const { tag: _tag, digest: _digest, ...bare } = reference
  return [familiar, familiarReference(bare)].some((candidate) => path.posix.matchesGlob(candidate, pattern))
}
