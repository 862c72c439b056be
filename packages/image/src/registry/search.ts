/**
 * Searching: Docker Hub still answers the old `/v1/search` (that is what `docker search` asks); a registry of its own has at most
 * a catalog of its repositories, which is filtered here.
 */
import * as z from 'zod'
import { parseJSON } from '../json.ts'
import type { Endpoint } from './endpoint.ts'
import { DOCKER_HUB, HUB_INDEX } from './endpoints.ts'
import { printable } from './refusal.ts'
import { readPages } from './pages.ts'

export type SearchResult = {
  name: string
  description: string
  stars: number
  official: boolean
  automated: boolean
}

const ANSWER_BYTES_MAX = 4 << 20

const V1Results = z.object({
  results: z
    .array(
      z.object({
        name: z.string(),
        description: z.string().nullish(),
        star_count: z.number().catch(0),
        is_official: z.boolean().catch(false),
        is_automated: z.boolean().catch(false),
      }),
    )
    .nullish(),
})
const Catalog = z.object({ repositories: z.array(z.string()).nullish() })

/** At most `limit` repositories whose names have `term` in them. @throws RegistryError */
export async function searchEndpoint(endpoint: Endpoint, term: string, limit: number): Promise<SearchResult[]> {
  const query = new URLSearchParams({ q: term, n: String(limit) })
  const to = `/v1/search?${query.toString()}`
  await using answer = await endpoint.ask({ step: 'image.search', method: 'GET', to, expect: [200, 400, 404, 405] })
  if (answer.status !== 200) return await searchCatalog(endpoint, term, limit)
  const { results } = parseJSON(`search of ${endpoint.host}`, await answer.read(ANSWER_BYTES_MAX), V1Results)
  return (results ?? []).slice(0, limit).map((result) => ({
    name: printable(result.name),
    description: printable(result.description ?? ''),
    stars: result.star_count,
    official: result.is_official,
    automated: result.is_automated,
  }))
}

async function searchCatalog(endpoint: Endpoint, term: string, limit: number): Promise<SearchResult[]> {
  const names = await readPages(endpoint, {
    step: 'image.search',
    scopes: ['registry:catalog:*'],
    first: '/v2/_catalog?n=1000',
    schema: Catalog,
    itemsOf: ({ repositories }) => repositories ?? [],
  })
  const wanted = term.toLowerCase()
  const found = names.filter((name) => name.includes(wanted)).slice(0, limit)
  return found.map((name) => ({ name: printable(name), description: '', stars: 0, official: false, automated: false }))
}

/** `localhost:5000/word` is searched for there, everything else at docker.io. */
export function splitTerm(term: string): [host: string, word: string] {
  const slash = term.indexOf('/')
  const first = term.slice(0, Math.max(slash, 0))
  const named = first === 'localhost' || /[.:]/.test(first)
  if (!named || first === DOCKER_HUB || first === HUB_INDEX) return [DOCKER_HUB, named ? term.slice(slash + 1) : term]
  return [first, term.slice(slash + 1)]
}
