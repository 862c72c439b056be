/**
 * Names of images, as docker reads and writes them (github.com/distribution/reference):
 *
 *   localhost:5000/team/app:1.2@sha256:…        [domain "/"] path [":" tag] ["@" digest]
 *
 * `alpine` is short for `docker.io/library/alpine:latest`. The first component is a domain when it holds a `.` or `:`, has an
 * upper-case letter, or is `localhost`; otherwise the domain is docker.io.
 */
import { UserError } from '@mini-docker/syscall'
import { parseDigest, type Digest } from './digest.ts'

export type Reference = {
  /** `docker.io`, `localhost:5000`, `[::1]:5000` */
  readonly domain: string
  /** `library/alpine` */
  readonly path: string
  readonly tag?: string
  readonly digest?: Digest
}

const DEFAULT_DOMAIN = 'docker.io'
const LEGACY_DOMAIN = 'index.docker.io'
const OFFICIAL = 'library/'
const PATH_MAX = 255
/** Longer than any name docker takes, short enough that a hostile one costs nothing. */
const TEXT_MAX = 4096

// Written without ambiguity (`a+(?:-+a+)*`), so that no input makes the matcher go back and forth.
const LABEL = '[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*'
const HOST = String.raw`(?:${LABEL}(?:\.${LABEL})*|\[[a-fA-F0-9:]+\])`
const DOMAIN = `${HOST}(?::[0-9]+)?`
const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const PATH = `${COMPONENT}(?:/${COMPONENT})*`
const TAG = String.raw`\w[\w.-]{0,127}`
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}'
const REFERENCE = new RegExp(`^(?<domain>${DOMAIN})/(?<path>${PATH})(?::(?<tag>${TAG}))?(?:@(?<digest>${DIGEST}))?$`)
const IDENTIFIER = /^[a-f0-9]{64}$/
const TAG_ONLY = new RegExp(`^${TAG}$`)

/**
 * Parses what a user types where an image to run, tag or push is meant; without tag and digest it means `:latest`.
 * @throws UserError `invalid` with docker's words.
 */
export function parseReference(text: string): Reference {
  const name = parseName(text)
  return name.tag === undefined && name.digest === undefined ? { ...name, tag: 'latest' } : name
}

/** The same without a default tag: for filters, and for `save` and `push` where a bare name means all tags. */
export function parseName(text: string): Reference {
  if (IDENTIFIER.test(text)) {
    throw invalid(text, `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`)
  }
  const [domain, remainder] = splitDomain(text)
  const colon = remainder.indexOf(':')
  const remote = colon === -1 ? remainder : remainder.slice(0, colon)
  if (remote.toLowerCase() !== remote) {
    throw invalid(text, `invalid reference format: repository name (${remote}) must be lowercase`)
  }
  const match = text.length > TEXT_MAX ? null : REFERENCE.exec(`${domain}/${remainder}`)
  const parts = match?.groups as { domain: string; path: string; tag?: string; digest?: string } | undefined
  if (parts === undefined) throw invalid(text, 'invalid reference format')
  if (parts.path.length > PATH_MAX) throw invalid(text, `repository name must not be more than ${PATH_MAX} characters`)
  return {
    domain: parts.domain,
    path: parts.path,
    ...(parts.tag !== undefined && { tag: parts.tag }),
    ...(parts.digest !== undefined && { digest: parseDigest(parts.digest) }),
  }
}

/** A tag on its own, as the API's `tag=` parameter has it. */
export function parseTag(text: string): string {
  if (!TAG_ONLY.test(text)) throw invalid(text, 'invalid tag format')
  return text
}

/** The name with nothing left out: `docker.io/library/alpine:latest`. Parses back to the same reference. */
export function formatReference(reference: Reference): string {
  return `${formatRepository(reference)}${suffix(reference)}`
}

/** `docker.io/library/alpine` */
export function formatRepository(reference: Reference): string {
  return `${reference.domain}/${reference.path}`
}

/** The name as people write it: `alpine:latest`. Parses back to the same reference. */
export function familiarReference(reference: Reference): string {
  return `${familiarRepository(reference)}${suffix(reference)}`
}

/** `alpine`, `team/app`, `localhost:5000/app` */
export function familiarRepository({ domain, path }: Reference): string {
  if (domain !== DEFAULT_DOMAIN) return `${domain}/${path}`
  const short =
    path.startsWith(OFFICIAL) && !path.slice(OFFICIAL.length).includes('/') ? path.slice(OFFICIAL.length) : path
  // Docker shortens docker.io/localhost/x too, and then reads another domain out of it.
  const [again, rest] = splitDomain(short)
  return again === domain && rest === path && !IDENTIFIER.test(short) ? short : `${domain}/${path}`
}

function suffix({ tag, digest }: Reference): string {
  return `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

function splitDomain(text: string): [domain: string, remainder: string] {
  const slash = text.indexOf('/')
  // `ubuntu:22` has no domain, although `ubuntu` with port 22 could be one.
  if (slash === -1) return [DEFAULT_DOMAIN, OFFICIAL + text]
  const first = text.slice(0, slash)
  const rest = text.slice(slash + 1)
  const named = first === 'localhost' || /[.:]/.test(first) || first.toLowerCase() !== first
  const domain = named && first !== LEGACY_DOMAIN ? first : DEFAULT_DOMAIN
  const path = named ? rest : text
  return [domain, domain === DEFAULT_DOMAIN && !path.includes('/') ? OFFICIAL + path : path]
}

function invalid(text: string, message: string): UserError {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text
  return new UserError('invalid', message, { hint: `"${shown}" should look like [registry/]name[:tag][@digest]` })
}
