/**
 * The header `X-Registry-Auth` with which a client hands its credentials to the daemon: base64url of docker's AuthConfig as JSON.
 *
 *   { "username", "password", "serveraddress" }  or  { "identitytoken", "serveraddress" }  or  {}
 */
import type { Credentials } from '../registry/config.ts'

/** With padding, as Go writes it: `e30=` when there are none. */
export function encodeRegistryAuth(serverAddress: string, credentials: Credentials | undefined): string {
  if (credentials === undefined) return encode({})
  const { username } = credentials
  const secret =
    'identityToken' in credentials ? { identitytoken: credentials.identityToken } : { password: credentials.password }
  return encode({ ...(username !== undefined && { username }), ...secret, serveraddress: serverAddress })
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}
