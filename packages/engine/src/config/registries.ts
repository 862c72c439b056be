/** The two lists of registries in a configuration: mirrors of Docker Hub, and those that may go without TLS. Pure; docker's rules and words. */
import { isIP } from 'node:net'
import { UserError } from '@mini-docker/syscall'

/** A mirror's address as docker keeps it: with one slash at its end. @throws UserError `invalid: mirror …`. */
export function parseMirror(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const scheme = url?.protocol.slice(0, -1) ?? ''
  if (url === undefined || (scheme !== 'http' && scheme !== 'https'))
    throw new UserError('invalid', `invalid mirror: unsupported scheme ${JSON.stringify(scheme)} in ${quoted(text)}`)
  if (url.username !== '' || url.password !== '')
    throw new UserError('invalid', `invalid mirror: username/password not allowed in URI ${quoted(blotted(url))}`)
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw new UserError('invalid', `invalid mirror: path, query, or fragment at end of the URI ${quoted(text)}`)
  return `${url.origin}/`
}

/** A host, `host:port` or block of addresses whose registries may speak plain HTTP or have a certificate that nobody knows. */
export function parseInsecure(text: string): string {
  const name = text.replace(/^https?:\/\//i, '')
  if (isCidr(name)) return name
  if (name.startsWith('-') || name.endsWith('-'))
    throw new UserError('invalid', `invalid index name (${name}). Cannot begin or end with a hyphen`)
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/s.exec(name) ?? []
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  if (isIP(bare) === 0 && isIP(name) === 0 && !HOST.test(host))
    throw new UserError('invalid', `insecure registry ${name} is not valid: invalid host ${quoted(name)}`)
  if (isIP(name) === 0 && Number(port ?? 0) > 65_535)
    throw new UserError('invalid', `insecure registry ${name} is not valid: invalid port ${quoted(port ?? '')}`)
  return name
}

export function isCidr(text: string): boolean {
  const [address = '', bits = '', ...more] = text.split('/')
  const family = isIP(address)
  return family !== 0 && more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)
}

/** A URL that may be shown: docker's way to blot out its name and password. What is no URL is shown as it is. */
export function blotted(url: URL | string): string {
  const parsed = typeof url === 'string' ? (URL.canParse(url) ? new URL(url) : undefined) : new URL(url)
  if (parsed === undefined) return String(url)
  if (parsed.username === '' && parsed.password === '') return String(url)
  return parsed.href.replace(/\/\/[^@/]*@/, '//xxxxx:xxxxx@').replace(/\/$/, '')
}

const HOST = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*$/

function quoted(text: string): string {
  return JSON.stringify(text)
}
