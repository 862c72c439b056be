/**
 * Redirects. A registry sends who wants a blob to a storage or a content network, with a signed URL; who we are is told to the
 * registry alone: on the way to any other origin the Authorization header stays behind (as curl has it since CVE-2018-1000007).
 */
import type { Answer } from './answer.ts'
import { RegistryError } from '../error.ts'
import type { HttpRequest } from './request.ts'
import { requestTitle, visibleUrl } from './trace.ts'

const REDIRECTS_MAX = 10
const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** @throws RegistryError for loops, too many hops, and hops that would tell a secret over plain HTTP. */
export async function follow(first: HttpRequest, send: (request: HttpRequest) => Promise<Answer>): Promise<Answer> {
  let request = first
  const seen = new Set([request.url.href])
  for (;;) {
    const answer = await send(request)
    const location = answer.header('location')
    if (!REDIRECTS.has(answer.status) || location === undefined) return answer
    await using _ = answer
    const url = targetOf(request, location)
    answer.note(`redirected to ${visibleUrl(url)}`)
    if (seen.has(url.href)) throw refused(first, `redirects in a loop, back to ${visibleUrl(url)}`)
    if (seen.size > REDIRECTS_MAX) throw refused(first, `stopped after ${REDIRECTS_MAX} redirects`)
    seen.add(url.href)
    request = next(request, answer.status, url)
  }
}

function next(request: HttpRequest, status: number, url: URL): HttpRequest {
  const reads = request.method === 'GET' || request.method === 'HEAD'
  // 301 to 303 would turn a POST into a GET, which no upload means.
  if (!reads && status < 307) throw refused(request, `answered ${request.method} with the redirect ${status}`)
  if (url.origin === request.url.origin) return { ...request, url }
  requireNoDowngrade(request, url)
  const { authorization: _, ...headers } = request.headers
  return { ...request, url, headers }
}

/** What is sent to the registry over TLS may not be sent on in the clear. Blobs may come so: their digest is checked. */
function requireNoDowngrade(request: HttpRequest, url: URL): void {
  if (request.url.protocol !== 'https:' || url.protocol === 'https:' || request.body === undefined) return
  throw refused(request, `would send the body in the clear, to ${visibleUrl(url)}`)
}

function targetOf(request: HttpRequest, location: string): URL {
  const url = URL.canParse(location, request.url.href) ? new URL(location, request.url) : undefined
  if (url !== undefined && (url.protocol === 'https:' || url.protocol === 'http:')) return url
  throw refused(request, `redirects to "${location.slice(0, 200)}", which is no URL of HTTP`)
}

function refused(request: HttpRequest, what: string): RegistryError {
  return new RegistryError(`${requestTitle(request)}: ${what}`, {
    code: 'unavailable',
    hint: `${request.url.host} or a proxy before it is not set up right: its operator has to mend it`,
  })
}
