/** Lists that come in pages: tags, repositories, referrers. The registry says in Link where the next page is (RFC 8288). */
import type * as z from 'zod'
import { parseJSON } from '../json.ts'
import type { Answer } from './http/answer.ts'
import type { Ask, Endpoint } from './endpoint.ts'
import { RegistryError } from './error.ts'

const PAGES_MAX = 500
const ITEMS_MAX = 100_000
const PAGE_BYTES_MAX = 4 << 20

export type Pages<Page, Item> = Pick<Ask, 'step' | 'scopes' | 'headers'> & {
  first: string
  schema: z.ZodType<Page>
  itemsOf: (page: Page) => readonly Item[]
}

/** All items of a list. @throws RegistryError where there is none, and for lists without end. */
export async function readPages<Page, Item>(endpoint: Endpoint, pages: Pages<Page, Item>): Promise<Item[]> {
  return (await findPages(endpoint, pages, [])) ?? []
}

/** The same; undefined where the registry answers with one of `absent`, or with something that `isPage` does not know. */
export async function findPages<Page, Item>(
  endpoint: Endpoint,
  { first, schema, itemsOf, ...ask }: Pages<Page, Item>,
  absent: readonly number[],
  isPage: (answer: Answer) => boolean = () => true,
): Promise<Item[] | undefined> {
  const items: Item[] = []
  const seen = new Set<string>()
  for (let to: string | undefined = first; to !== undefined;) {
    seen.add(to)
    await using answer: Answer = await endpoint.ask({ ...ask, method: 'GET', to, expect: [200, ...absent] })
    if (answer.status !== 200 || !isPage(answer)) return undefined
    const page = await answer.read(PAGE_BYTES_MAX)
    // One by one: as arguments of one call, a page of a few hundred thousand would overflow the stack.
    for (const item of itemsOf(parseJSON(`list of ${endpoint.host}`, page, schema))) items.push(item)
    if (items.length > ITEMS_MAX) throw withoutEnd(endpoint)
    to = nextOf(answer.header('link'), answer.request.url)
    if (to !== undefined && (seen.has(to) || seen.size >= PAGES_MAX)) throw withoutEnd(endpoint)
  }
  return items
}

/** `</v2/a/tags/list?n=100&last=z>; rel="next"`, as a path: it never leads to another host. */
function nextOf(link: string | undefined, from: URL): string | undefined {
  const target = /<([^<>]*)>\s*;[^,]*\brel="?next"?/i.exec(link ?? '')?.[1]
  if (target === undefined || !URL.canParse(target, from.href)) return undefined
  const { pathname, search } = new URL(target, from)
  return `${pathname}${search}`
}

function withoutEnd({ host }: Endpoint): RegistryError {
  return new RegistryError(`${host} answers with a list without end`, {
    code: 'invalid',
    hint: `more than ${ITEMS_MAX} names or ${PAGES_MAX} pages are not read`,
  })
}
