/** Platforms as docker's clients write them. */
import { hostPlatform, matchesPlatform, type Image, type Platform } from '@mini-docker/image'
import { UserError } from '@mini-docker/syscall'
import { StatusError } from '../api/status.ts'

const ALIASES: Record<string, Pick<Platform, 'architecture' | 'variant'>> = {
  i386: { architecture: '386' },
  x86_64: { architecture: 'amd64' },
  'x86-64': { architecture: 'amd64' },
  aarch64: { architecture: 'arm64' },
  armhf: { architecture: 'arm', variant: 'v7' },
  armel: { architecture: 'arm', variant: 'v6' },
}
const SYSTEMS = ['linux', 'windows', 'darwin', 'freebsd', 'wasi', 'plan9']

/**
 * `linux/arm64/v8`, `linux/amd64`, or one word of it: `arm64`, `linux`. Also the JSON of newer clients. Undefined for the empty text.
 * @throws UserError `invalid`, in docker's words.
 */
export function parseAskedPlatform(text: string | null): Platform | undefined {
  if (text === null || text === '') return undefined
  if (text.startsWith('{')) return fromJson(text)
  const [first = '', second, third, ...more] = text.toLowerCase().split('/')
  if (more.length > 0 || !/^[a-z0-9_.-]+(?:\/[a-z0-9_.-]+){0,2}$/i.test(text)) throw malformed(text)
  const host = hostPlatform()
  if (second !== undefined) return normalized(first, second, third)
  return SYSTEMS.includes(first) ? { ...host, os: first } : normalized(host.os, first, undefined)
}

/** @throws StatusError 404, which makes docker's client pull. */
export function requirePlatform(image: Image, name: string, wanted: Platform | undefined): void {
  if (wanted === undefined || matchesPlatform(wanted, platformOf(image))) return
  throw new StatusError(
    404,
    `image with reference ${name} was found but its platform (${written(platformOf(image))}) does not match the specified platform (${written(wanted)})`,
  )
}

export function platformOf({ config: { os, architecture, variant } }: Image): Platform {
  return { os, architecture, ...(variant != null && { variant }) }
}

function normalized(os: string, architecture: string, variant: string | undefined): Platform {
  const known = ALIASES[architecture] ?? { architecture }
  const found = variant ?? known.variant
  const usual = (known.architecture === 'arm64' && found === 'v8') || (known.architecture === 'amd64' && found === 'v1')
  return { os, architecture: known.architecture, ...(found !== undefined && !usual && { variant: found }) }
}

function fromJson(text: string): Platform {
  try {
    const { os, architecture, variant } = JSON.parse(text) as Record<string, unknown>
    if (typeof os === 'string' && typeof architecture === 'string')
      return normalized(os, architecture, typeof variant === 'string' && variant !== '' ? variant : undefined)
  } catch {
    // Told below, as any other text that is no platform.
  }
  throw malformed(text)
}

function malformed(text: string): UserError {
  return new UserError('invalid', `${JSON.stringify(text)}: cannot parse platform specifier: invalid argument`)
}

function written({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/')
}
