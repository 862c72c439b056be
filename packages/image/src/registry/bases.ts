/** Where a reference is looked for when it is pulled or pushed: the URLs that are tried, in this order. */
import type { Reference } from '../reference.ts'
import type { RegistryConfig } from './config.ts'
import { addressOf, DOCKER_HUB, mirrorAddress } from './endpoints.ts'

/** `https://mirror.example`, `https://registry-1.docker.io`. Nobody is asked. @throws UserError for what is no registry. */
export async function pullBases({ domain }: Reference, config: RegistryConfig): Promise<string[]> {
  const mirrors = domain === DOCKER_HUB ? config.mirrors : []
  const addresses = await Promise.all(mirrors.map((mirror) => mirrorAddress(mirror, config)))
  return [
    ...addresses.flatMap(({ bases }) => bases.map(({ origin }) => origin)),
    ...(await pushBases({ domain }, config)),
  ]
}

/** Mirrors are for pulls only. */
export async function pushBases({ domain }: Pick<Reference, 'domain'>, config: RegistryConfig): Promise<string[]> {
  const { bases } = await addressOf(domain, config)
  return bases.map(({ origin }) => origin)
}
