/** The tags of a repository, page by page (distribution-spec, "Listing Tags"); the registry says in Link where the next page is. */
import * as z from 'zod'
import { parseJSON } from '../json.ts'
import type { Ask, Endpoint } from './endpoint.ts'
import { RegistryError } from './error.ts'

const PAGES_MAX = 500
const ITEMS_MAX = 100_000
const PAGE_BYTES_MAX = 4 << 20

export type Pages<T> = Pick<Ask, 'step' | 'scopes'> & {
  first: string
  schema: z.ZodType<T>
  itemsOf: (page: T) => readonly string[]
}

/** All items of a list that comes in pages. @throws RegistryError for lists without end. */
export async function readPages<T>(
  endpoint: Endpoint,
  { first, schema, itemsOf, ...ask }: Pages<T>,
): Promise<string[]> {
  const items: string[] = []
  const seen = new Set<string>()
  let to: string | undefined = first
  while (to !== undefined) {
    seen.add(to)
    await using answer = await endpoint.ask({ ...ask, method: 'GET', to, expect: [200] })
    const page = await answer.read(PAGE_BYTES_MAX)
    items.push(...itemsOf(parseJSON(`list of ${endpoint.host}`, page, schema)))
    to = nextOf(answer.header('link'), answer.request.url)
    if (to !== undefined && (seen.has(to) || seen.size >= PAGES_MAX || items.length > ITEMS_MAX))
      throw endless(endpoint)
  }
  return [...new Set(items)]
}

export const TagList = z.object({ tags: z.array(z.string()).nullish() })

/** `</v2/a/tags/list?n=100&last=z>; rel="next"`, as a path: it never leads to another host. */
function nextOf(link: string | undefined, from: URL): string | undefined {
  const target = /<([^<>]*)>\s*;[^,]*\brel="?next"?/i.exec(link ?? '')?.[1]
  if (target === undefined || !URL.canParse(target, from.href)) return undefined
  const { pathname, search } = new URL(target, from)
  return `${pathname}${search}`
}

function endless({ host }: Endpoint): RegistryError {
  return new RegistryError(`${host} answers with a list without end`, {
    code: 'invalid',
    hint: `more than ${ITEMS_MAX} names or ${PAGES_MAX} pages are not read`,
  })
}
