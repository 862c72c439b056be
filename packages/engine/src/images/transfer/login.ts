/** POST /auth: whether a registry takes a name and a password. Nothing is kept: the client does that. */
import { parseName, type Credentials } from '@mini-docker/image'
import { UserError } from '@mini-docker/syscall'
import { credentialsOf, type AuthConfig } from '../../api/registry-auth.ts'
import type { Engine } from '../../engine.ts'
import { INDEX_SERVER } from '../../config/registry-info.ts'
import { openRegistry } from './registry.ts'
import { loginFailure } from './words.ts'

const HUB = 'docker.io'
/** Names under which clients know Docker Hub. */
const HUB_NAMES = [HUB, 'index.docker.io', 'registry-1.docker.io']

/** Docker's answer. @throws RegistryError when the registry does not take them, or cannot be asked. */
export async function checkLogin(
  engine: Engine,
  config: AuthConfig,
  signal: AbortSignal,
): Promise<{ IdentityToken: string; Status: string }> {
  const host = registryHost(config.serveraddress)
  const credentials = requireCredentials(config)
  using registry = openRegistry(engine, { domain: host }, { credentials, signal })
  try {
    const { identityToken = '' } = await registry.checkLogin(host, credentials)
    return { IdentityToken: identityToken, Status: 'Login Succeeded' }
  } catch (error) {
    throw loginFailure(error)
  }
}

/** `https://index.docker.io/v1/`, `reg.example:5000`, `https://reg.example/v2/` → the host. */
export function registryHost(address: string): string {
  if (address === '' || address === INDEX_SERVER) return HUB
  const host = address.replace(/^https?:\/\//i, '').replace(/\/.*$/s, '')
  // The same rule as for the names of images.
  const { domain } = parseName(`${host}/x`)
  if (domain !== host || host === '') {
    if (HUB_NAMES.includes(host)) return HUB
    throw new UserError('invalid', `${JSON.stringify(address)} is no registry`, {
      hint: 'it should look like registry.example or localhost:5000',
    })
  }
  return HUB_NAMES.includes(host) ? HUB : host
}

function requireCredentials(config: AuthConfig): Credentials {
  const credentials = credentialsOf(config)
  if (credentials === undefined)
    throw new UserError('invalid', 'no user name to log in with', { hint: 'give username and password' })
  return credentials
}
