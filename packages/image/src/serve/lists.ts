/** The lists of the registry: repositories, tags, and what refers to a manifest. */
import type { Digest } from '../digest.ts'
import { OCI_INDEX } from '../media-type.ts'
import { referrerOf } from '../referrer.ts'
import { ASK_AGAIN, bytes, json, refuse, type Answer } from './answer.ts'
import { byBytes, type Catalogue, type Repository } from './catalogue.ts'

/** `_catalog`: docker's, not the OCI's. */
export function listRepositories(catalogue: Catalogue, query: URLSearchParams): Answer {
  return page('/v2/_catalog', catalogue.names(query.get('ns') ?? undefined), query, (repositories) => ({
    repositories,
  }))
}

export function listTags(name: string, repository: Repository, query: URLSearchParams): Answer {
  return page(`/v2/${name}/tags/list`, [...repository.tags.keys()], query, (tags) => ({ name, tags }))
}

/**
 * The manifests whose `subject` is this digest, as an index; an empty one where there are none, and for a digest that nobody
 * knows. `?artifactType=` filters, and says so. See distribution-spec, "Listing Referrers".
 */
export function listReferrers(repository: Repository, subject: Digest, query: URLSearchParams): Answer {
  const wanted = query.get('artifactType')
  const manifests = [...repository.reached.values()]
    .flatMap(({ descriptor, document }) =>
      document?.subject?.digest === subject ? [referrerOf(descriptor, document)] : [],
    )
    .filter(({ artifactType }) => wanted === null || artifactType === wanted)
    .toSorted((a, b) => byBytes(a.digest, b.digest))
  const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }))
  return bytes(body, {
    'content-type': OCI_INDEX,
    'cache-control': ASK_AGAIN,
    ...(wanted !== null && { 'oci-filters-applied': 'artifactType' }),
  })
}

/** `?n=` gives that many behind `?last=`; the Link header leads to the next ones (RFC 8288). */
function page(path: string, all: readonly string[], query: URLSearchParams, body: (page: string[]) => object): Answer {
  const n = query.get('n')
  if (n !== null && !/^\d{1,9}$/.test(n)) {
    return refuse(400, 'PAGINATION_NUMBER_INVALID', `n is ${JSON.stringify(n)}, which is no number of entries`)
  }
  const last = query.get('last')
  const rest = last === null ? all : all.filter((one) => byBytes(one, last) > 0)
  const shown = n === null ? rest : rest.slice(0, Number(n))
  const end = shown.at(-1)
  return json(body([...shown]), {
    'cache-control': ASK_AGAIN,
    ...(end !== undefined && shown.length < rest.length && { link: nextLink(path, end, shown.length, query) }),
  })
}

function nextLink(path: string, last: string, n: number, query: URLSearchParams): string {
  const next = new URLSearchParams({ last, n: String(n) })
  const ns = query.get('ns')
  if (ns !== null) next.set('ns', ns)
  return `<${path}?${next.toString()}>; rel="next"`
}
