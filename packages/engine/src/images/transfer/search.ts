/** GET /images/search. */
import type { SearchResult } from '@mini-docker/image'
import { UserError } from '@mini-docker/syscall'
import type { Filters } from '../../api/query.ts'
import { StatusError } from '../../api/status.ts'
import type { Engine } from '../../engine.ts'
import { registryHost } from './login.ts'
import { openRegistry, type Access } from './registry.ts'

export const SEARCH_FILTERS = ['is-automated', 'is-official', 'stars']

const DEFAULT_LIMIT = 25
const MAX_LIMIT = 100

export type SearchRequest = { term: string; limit: number | undefined; filters: Filters; access: Access }

/** Docker's registry.SearchResult, of those that pass the filters. @throws UserError and RegistryError in docker's words. */
export async function searchImages(
  engine: Engine,
  { term, limit = DEFAULT_LIMIT, filters, access }: SearchRequest,
): Promise<object[]> {
  if (limit < 1 || limit > MAX_LIMIT)
    throw new UserError('invalid', `Limit ${limit} is outside the range of [1, ${MAX_LIMIT}]`)
  const passes = parseSearchFilters(filters)
  if (/^https?:\/\//i.test(term))
    throw new StatusError(500, 'Invalid repository name (ex: "registry.domain.tld/myrepos")')
  using registry = openRegistry(engine, { domain: domainOf(term) }, access)
  const found = await registry.search(term, limit)
  return found.filter(passes).map(({ name, description, stars, official, automated }) => ({
    star_count: stars,
    is_official: official,
    name,
    is_automated: automated,
    description,
  }))
}

/** @throws UserError `invalid`. */
export function parseSearchFilters(filters: Filters): (result: SearchResult) => boolean {
  const official = flag(filters, 'is-official')
  const automated = flag(filters, 'is-automated')
  const stars = (filters.get('stars') ?? []).map((text) => {
    if (!/^-?\d{1,9}$/.test(text)) throw new UserError('invalid', `invalid filter 'stars=${text}'`)
    return Number(text)
  })
  return (result) =>
    (official === undefined || result.official === official) &&
    (automated === undefined || result.automated === automated) &&
    stars.every((least) => result.stars >= least)
}

function flag(filters: Filters, name: string): boolean | undefined {
  const values = filters.get(name)
  if (values === undefined || values.length === 0) return undefined
  if (values.some((value) => !['0', '1', 'true', 'false'].includes(value)))
    throw new UserError('invalid', `invalid filter '${name}=[${values.join(' ')}]'`)
  return values.some((value) => value === 'true' || value === '1')
}

/** A term may begin with a registry of its own. */
function domainOf(term: string): string {
  const [first = '', ...rest] = term.split('/')
  return rest.length > 0 && (first === 'localhost' || /[.:]/.test(first)) ? registryHost(first) : registryHost('')
}
