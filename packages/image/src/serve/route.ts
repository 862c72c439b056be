/**
 * The paths of the pull half of the OCI distribution-spec 1.1 ("end-1", "end-2", "end-3", "end-8", "end-12", and docker's _catalog):
 *
 *   /v2/                         /v2/_catalog                   /v2/<name>/tags/list
 *   /v2/<name>/manifests/<tag or digest>                        /v2/<name>/blobs/<digest>
 *   /v2/<name>/referrers/<digest>
 *
 * A name may hold slashes, even `manifests/`: the last such word counts. Pure.
 */

/** What was asked for; `?…` is in `query`. */
export type Route = { query: URLSearchParams } & (
  | { kind: 'base' }
  | { kind: 'catalog' }
  | { kind: 'unknown' }
  | { kind: 'tags'; name: string }
  | { kind: 'manifest'; name: string; reference: string }
  | { kind: 'blob'; name: string; digest: string }
  | { kind: 'referrers'; name: string; digest: string }
)

/** Those that ask for something of a repository. */
export type RepositoryRoute = Extract<Route, { name: string }>

/** Reads the target of a request. Whatever is no path of the spec is `unknown`. */
export function parseRoute(target: string): Route {
  const mark = target.indexOf('?')
  const query = new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1))
  const path = decode(mark === -1 ? target : target.slice(0, mark))
  if (path === '/v2/' || path === '/v2') return { kind: 'base', query }
  if (path === '/v2/_catalog') return { kind: 'catalog', query }
  const tags = /^\/v2\/(.+)\/tags\/list$/.exec(path)
  if (tags !== null) return { kind: 'tags', name: tags[1] as string, query }
  const [, name = '', noun, word = ''] = /^\/v2\/(.+)\/(manifests|blobs|referrers)\/([^/]+)$/.exec(path) ?? []
  if (noun === 'manifests') return { kind: 'manifest', name, reference: word, query }
  if (noun === 'blobs') return { kind: 'blob', name, digest: word, query }
  return noun === 'referrers' ? { kind: 'referrers', name, digest: word, query } : { kind: 'unknown', query }
}

/** Clients may write `:` as `%3A`. Broken escapes are no path at all. */
function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return ''
  }
}
