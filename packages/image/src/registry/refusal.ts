/** Answers that are no success, in words: the OCI's error document where there is one, else what came instead of it. */
import * as z from 'zod'
import type { Answer } from './http/answer.ts'
import { parseChallenges } from './auth/challenge.ts'
import { RegistryError } from './error.ts'
import { isPassing } from './http/retry.ts'
import { requestTitle, visibleUrl } from './http/trace.ts'

/** Longer error texts are cut: they end in a terminal. */
const BODY_BYTES_MAX = 64 << 10
const MESSAGE_MAX = 300

/** distribution-spec, "Error Codes". Token servers and proxies answer with other shapes. */
const Errors = z.object({
  errors: z.array(z.object({ code: z.string().catch('UNKNOWN'), message: z.string().catch('') })).min(1),
})
const Plain = z.object({ details: z.string().optional(), message: z.string().optional(), error: z.string().optional() })

/** Reads the body of an unwelcome answer, as far as it is worth reading, and says what it means; `host` as users know it. */
export async function refusal(answer: Answer, host = answer.request.url.host): Promise<RegistryError> {
  const body = await answer.read(BODY_BYTES_MAX).catch(() => Buffer.alloc(0))
  const { status, request } = answer
  const { text, codes } = challenged(answer) ?? wordsOf(answer, body.toString('utf8'))
  const retryAfter = answer.header('retry-after')
  return new RegistryError(text ?? `${requestTitle(request)}: ${statusText(status)}`, {
    status,
    codes,
    retryable: isPassing(status),
    retryAfter,
    hint: hintFor(answer, host),
  })
}

/** Whether a body is for a browser. */
export function isWebPage(contentType: string | undefined, text: string): boolean {
  return contentType?.startsWith('text/html') === true || /^\s*<(!doctype|html)/i.test(text)
}

/** What is wrong with the token, which is told in the challenge (RFC 6750, 3.1), in docker's words. */
function challenged(answer: Answer): { text: string; codes: string[] } | undefined {
  const challenges = answer.status === 401 ? parseChallenges(answer.header('www-authenticate')) : []
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer')?.parameters
  const said = printable(bearer?.get('error_description') ?? '')
  switch (bearer?.get('error')) {
    case 'insufficient_scope':
      return { text: `denied: ${said || 'requested access to the resource is denied'}`, codes: ['DENIED'] }
    case 'invalid_token':
      return { text: `unauthorized: ${said || 'authentication required'}`, codes: ['UNAUTHORIZED'] }
    default:
      return undefined
  }
}

/** `denied: requested access to the resource is denied`, as Go prints codes. */
function wordsOf(answer: Answer, text: string): { text: string | undefined; codes: string[] } {
  const { status, request } = answer
  const asked = requestTitle(request)
  const document = parsed(text)
  const coded = Errors.safeParse(document)
  if (coded.success) {
    const errors = coded.data.errors.slice(0, 5)
    const lines = errors.map(({ code, message }) => `${code.toLowerCase().replaceAll('_', ' ')}: ${printable(message)}`)
    return { text: lines.join('; '), codes: errors.map(({ code }) => code) }
  }
  const plain = Plain.safeParse(document)
  const said = plain.success ? (plain.data.details ?? plain.data.message ?? plain.data.error) : undefined
  if (said !== undefined) return { text: `${status === 401 ? 'unauthorized' : asked}: ${printable(said)}`, codes: [] }
  // To HEAD, and from proxies: the status is all there is.
  if (status === 401 && text === '') return { text: 'unauthorized: authentication required', codes: ['UNAUTHORIZED'] }
  const page = pageIn(answer, text)
  if (status >= 500) {
    const more = page === undefined ? '' : `: ${page}`
    return { text: `received unexpected HTTP status: ${statusText(status)}${more}`, codes: [] }
  }
  const line = page ?? printable(text.trim())
  return { text: line === '' ? undefined : `${asked}: ${statusText(status)}: ${line}`, codes: [] }
}

/** What a page for people is told as; undefined for other answers. */
function pageIn(answer: Answer, text: string): string | undefined {
  if (!isWebPage(answer.header('content-type'), text)) return undefined
  const heading = printable(/<title>([^<]*)/i.exec(text)?.[1]?.trim() ?? '')
  return `answered with a web page${heading === '' ? '' : `, titled "${heading}"`}, not as a registry`
}

export function loginHint(host: string): string {
  return `log in with "mini-docker login ${host}", or ask its owner for access`
}

function hintFor(answer: Answer, host: string): string {
  const { status, request } = answer
  if (status === 429) {
    const retryAfter = answer.header('retry-after')
    const when = retryAfter === undefined ? '' : ` (Retry-After: ${printable(retryAfter)})`
    return `${host} limits how often one may ask${when}: wait, or log in, which raises the limit`
  }
  if (status === 401 || status === 403) return loginHint(host)
  if (status === 404) return 'check the spelling of repository and tag'
  if (status === 413) return `${host} or a proxy before it takes no body of this size: its operator can raise the limit`
  if (status >= 500) return `${visibleUrl(request.url)} or a proxy before it has trouble of its own: try again later`
  return `check that ${host} is a registry`
}

/** Text of others on one line, short, without control characters: it goes to a terminal. */
export function printable(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
  return line.length > MESSAGE_MAX ? `${line.slice(0, MESSAGE_MAX)}…` : line
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function statusText(status: number): string {
  return `${status} ${STATUS[status] ?? ''}`.trim()
}

const STATUS: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Request Entity Too Large',
  416: 'Requested Range Not Satisfiable',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}
