/** Where the images of a domain are asked for: what `docker.io` stands for, its mirrors, and which schemes are tried. */
import { UserError } from '@mini-docker/syscall'
import type { RegistryConfig } from './config.ts'
import { isInsecure } from './http/insecure.ts'

export type Address = { host: string; bases: readonly URL[]; verify: boolean }

export const DOCKER_HUB = 'docker.io'
export const HUB_INDEX = 'index.docker.io'
const HUB_REGISTRY = 'https://registry-1.docker.io'

/** @throws UserError `invalid` for a domain or an insecure registry that is none. */
export async function addressOf(domain: string, config: RegistryConfig): Promise<Address> {
  if (domain === DOCKER_HUB) return { host: DOCKER_HUB, bases: [new URL(HUB_REGISTRY)], verify: true }
  const https = `https://${domain}`
  if (!URL.canParse(https))
    throw new UserError('invalid', `registry "${domain}" is no host`, { hint: 'check the port' })
  const insecure = await isInsecure(config.insecure, domain)
  const bases = insecure ? [new URL(https), new URL(`http://${domain}`)] : [new URL(https)]
  return { host: domain, bases, verify: !insecure }
}

/** Where Docker Hub is searched: images lie elsewhere. */
export function hubIndex(): Address {
  return { host: DOCKER_HUB, bases: [new URL(`https://${HUB_INDEX}`)], verify: true }
}

/**
 * A mirror is given as a URL, so its scheme is known.
 * @throws UserError `invalid` with docker's words.
 */
export async function mirrorAddress(mirror: string, config: RegistryConfig): Promise<Address> {
  const url = URL.canParse(mirror) ? new URL(mirror) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw invalidMirror(mirror, `unsupported scheme "${url?.protocol.replace(':', '') ?? ''}" in "${mirror}"`)
  }
  if (url.username !== '' || url.password !== '') throw invalidMirror(url.host, 'username/password not allowed in URI')
  if (url.search !== '' || url.hash !== '') throw invalidMirror(mirror, 'query, or fragment at end of the URI')
  if (url.pathname !== '/') throw invalidMirror(mirror, 'path at the end of the URI')
  return { host: url.host, bases: [url], verify: !(await isInsecure(config.insecure, url.host)) }
}

function invalidMirror(mirror: string, message: string): UserError {
  return new UserError('invalid', `invalid mirror: ${message}`, {
    hint: `registry-mirrors has URLs like https://mirror.example, not ${mirror}`,
  })
}
