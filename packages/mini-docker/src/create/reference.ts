/**
 * Names of images, as far as a client must know them: whether a name can be one at all, and its default tag. (The daemon
 * resolves them; packages/image has the whole grammar, and is not loaded here.)
 */

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const DOMAIN =
  '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?'
const TAG = '[\\w][\\w.-]{0,127}'
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}'
const REFERENCE = new RegExp(
  `^(?:(?<domain>${DOMAIN})/)?(?<path>${COMPONENT}(?:/${COMPONENT})*)(?::(?<tag>${TAG}))?(?:@(?<digest>${DIGEST}))?$`,
)

/** A name's parts, with docker.io and library/ filled in. */
export type ImageName = { domain: string; path: string; tag?: string; digest?: string }

/** Reads a name by docker's rules. Throws `invalid reference format…`. */
export function parseImageName(text: string): ImageName {
  if (/^[0-9a-f]{64}$/.test(text)) {
    throw new Error(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`)
  }
  const { domain, rest } = splitDomain(text)
  const repository = rest.split(/[:@]/)[0] ?? ''
  if (repository !== repository.toLowerCase()) {
    throw new Error(`invalid reference format: repository name (${repository}) must be lowercase`)
  }
  const match = REFERENCE.exec(`${domain}/${rest}`)?.groups
  if (match === undefined) throw new Error('invalid reference format')
  return {
    domain,
    path: match['path'] ?? '',
    ...(match['tag'] === undefined ? {} : { tag: match['tag'] }),
    ...(match['digest'] === undefined ? {} : { digest: match['digest'] }),
  }
}

/** The first part is a registry when it looks like a host name: a dot, a colon, `localhost`, or a capital letter. */
function splitDomain(text: string): { domain: string; rest: string } {
  const slash = text.indexOf('/')
  const first = text.slice(0, Math.max(slash, 0))
  const isDomain = slash !== -1 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase())
  const domain = isDomain && first !== 'index.docker.io' ? first : 'docker.io'
  const rest = isDomain ? text.slice(slash + 1) : text
  return { domain, rest: domain === 'docker.io' && !rest.includes('/') ? `library/${rest}` : rest }
}

/** The short form that users see: without docker.io and library/. */
export function familiarName({ domain, path }: ImageName): string {
  if (domain !== 'docker.io') return `${domain}/${path}`
  return path.startsWith('library/') && !path.slice('library/'.length).includes('/')
    ? path.slice('library/'.length)
    : path
}

/** Refuses what can be neither a name nor an image's ID. */
export function checkReference(text: string): void {
  if (/^(sha256:)?[0-9a-f]{12,64}$/.test(text)) return
  parseImageName(text)
}

/** `busybox` → `busybox:latest`. */
export function withDefaultTag(text: string): string {
  const name = parseImageName(text)
  return name.tag === undefined && name.digest === undefined ? `${text}:latest` : text
}
