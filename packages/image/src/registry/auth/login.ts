/** Whether a registry knows somebody: what `docker login` asks before it writes a password down. */
import type { Endpoint } from '../endpoint.ts'
import { RegistryError } from '../error.ts'

const HINT = 'check user name and password; registries with two factors want an access token as password'

/** An identity token stands in for the password, from registries that give such. */
export type LoginOutcome = { identityToken?: string }

/**
 * Shows the endpoint's credentials to its registry: GET /v2/, with a token where it wants one.
 * @throws RegistryError `denied` when it does not take them.
 */
export async function logIn(endpoint: Endpoint): Promise<LoginOutcome> {
  const base = await endpoint.ping()
  const identityToken = await endpoint.authorizer.login().catch((error: unknown) => {
    throw error instanceof RegistryError && error.status !== undefined ? refused(new URL('/v2/', base), error) : error
  })
  await using answer = await endpoint.ask({ step: 'image.login', method: 'GET', to: '/v2/', expect: [200, 401, 403] })
  if (answer.status !== 200) throw notTaken(new URL('/v2/', base), answer.status)
  return identityToken === undefined ? {} : { identityToken }
}

function notTaken(url: URL, status: number): RegistryError {
  const text = status === 401 ? '401 Unauthorized' : '403 Forbidden'
  return new RegistryError(`login attempt to ${url.href} failed with status: ${text}`, {
    status,
    codes: [status === 401 ? 'UNAUTHORIZED' : 'DENIED'],
    hint: HINT,
  })
}

/** In docker's words: `Get "https://…/v2/": unauthorized: incorrect username or password`. */
function refused(url: URL, { message, status, codes, code, cause }: RegistryError): RegistryError {
  return new RegistryError(`Get "${url.href}": ${message}`, { status, codes, code, cause, hint: HINT })
}
