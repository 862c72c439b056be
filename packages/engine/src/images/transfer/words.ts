/**
 * What a pull or push was refused, with the statuses that docker has for it. The words are those of @mini-docker/image, which are
 * docker's; so hints stand apart from them.
 */
import { RegistryError } from '@mini-docker/image'
import { UserError } from '@mini-docker/syscall'
import { StatusError, statusOf } from '../../api/status.ts'

const NOT_FOUND = ['DENIED', 'MANIFEST_UNKNOWN', 'NAME_UNKNOWN']

/** As docker's TranslatePullError: what is not there, or must not be seen, is 404; whatever else a registry says is 500. */
export function transferFailure(error: unknown): unknown {
  if (!(error instanceof UserError)) return error
  const hidden = error instanceof RegistryError && error.codes.some((code) => NOT_FOUND.includes(code))
  return withStatus(hidden ? 404 : statusOf(error).status, error)
}

/** Of POST /auth: a token server that does not know us is 401, a registry that takes no password 500, as in docker. */
export function loginFailure(error: unknown): unknown {
  const byTokenServer = error instanceof RegistryError && error.status === 401 && error.message.startsWith('Get "')
  return byTokenServer ? withStatus(401, error) : error
}

/** Of GET /distribution: the status that the registry answered. */
export function distributionFailure(error: unknown): unknown {
  if (!(error instanceof RegistryError)) return error
  const { status } = error
  // Without a password the registry was not asked for more than its challenge.
  if (status === 401 && error.message.includes('no basic auth credentials')) return withStatus(500, error)
  return status === 401 || status === 403 || status === 404 ? withStatus(status, error) : error
}

function withStatus(status: number, error: UserError): StatusError {
  return new StatusError(status, error.message, { cause: error, hint: error.hint })
}
