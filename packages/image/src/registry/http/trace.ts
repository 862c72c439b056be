/** What is told of each HTTP request, for `--trace` and `--explain`. Secrets are blotted out here, before anybody sees the event. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'

/** What a request is for; stable, since steps and their translations have these names. */
export type HttpStep =
  | 'image.ping'
  | 'image.token'
  | 'image.manifest'
  | 'image.config'
  | 'image.layer'
  | 'image.mount'
  | 'image.upload'
  | 'image.publish'
  | 'image.tags'
  | 'image.referrers'
  | 'image.login'
  | 'image.search'

/** One HTTP request, told when it has ended: its body was read, or it failed. */
export type HttpTrace = {
  id: HttpStep
  method: string
  /** Without user, password, and the secret parts of a query. */
  url: string
  requestHeaders: Record<string, string>
  /** Absent where no answer came. */
  status: number | undefined
  responseHeaders: Record<string, string>
  /** Bytes of the answer's body that were read. */
  bytes: number
  /** Bytes of the request's body that were given to the connection. */
  bytesSent: number
  /** CLOCK_MONOTONIC. */
  startNs: bigint
  durationNs: bigint
  error?: string
  /** What comes of it: `redirected to https://cdn.example/…`, `retry 2 in 1.3 s`. */
  note?: string
}

const REQUEST_HEADERS = ['accept', 'authorization', 'content-type', 'content-length', 'content-range', 'range']
const RESPONSE_HEADERS = [
  'content-type',
  'content-length',
  'content-range',
  'docker-content-digest',
  'docker-distribution-api-version',
  'link',
  'location',
  'oci-chunk-min-length',
  'oci-subject',
  'range',
  'retry-after',
  'www-authenticate',
]
const URLS = new Set(['location', 'link'])
/** Of signed URLs of clouds and content networks, of tokens and of logins. `_state` is docker-registry's, an upload's right to go on. */
const SECRET_QUERY =
  /^(password|sig|_state|expires|verify|key-pair-id|policy|hdnts|x-(amz|goog)-.*|.*(token|signature|credential|secret|access-?key).*)$/i

export function visibleRequestHeaders(headers: OutgoingHttpHeaders): Record<string, string> {
  const visible = pick(headers, REQUEST_HEADERS)
  if (visible['authorization'] !== undefined) {
    visible['authorization'] = `${visible['authorization'].split(' ')[0]} ***`
  }
  return visible
}

export function visibleResponseHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const visible = pick(headers, RESPONSE_HEADERS)
  for (const name of URLS) if (visible[name] !== undefined) visible[name] = visibleText(visible[name])
  return visible
}

/** A URL for people: `https://cdn.example/blob?X-Amz-Signature=***`. */
export function visibleUrl(url: URL): string {
  const copy = new URL(url)
  copy.username = ''
  copy.password = ''
  return visibleText(copy.href)
}

/** `Get "https://reg.example/v2/"`: a request at the head of an error, as Go writes it. */
export function requestTitle({ method, url }: { method: string; url: URL }): string {
  return `${method[0]}${method.slice(1).toLowerCase()} "${visibleUrl(url)}"`
}

function visibleText(text: string): string {
  return text.replaceAll(/([?&])([^=&#]+)=([^&#>\s]*)/g, (whole, mark: string, name: string) =>
    SECRET_QUERY.test(name) ? `${mark}${name}=***` : whole,
  )
}

function pick(headers: OutgoingHttpHeaders | IncomingHttpHeaders, names: readonly string[]): Record<string, string> {
  const found = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)] as const)
  return Object.fromEntries(found.filter(([name]) => names.includes(name)))
}

/** Tells it. */
export function endTrace(trace: HttpTrace, { onEnd }: { onEnd: (trace: HttpTrace) => void }, failure?: unknown): void {
  trace.durationNs = process.hrtime.bigint() - trace.startNs
  if (failure !== undefined) trace.error = failure instanceof Error ? failure.message : 'aborted'
  onEnd(trace)
}
