/** What docker says when a pull or push fails, for those failures that have words of their own. */
import { familiarReference, familiarRepository, type Reference } from '../reference.ts'
import { RegistryError } from './error.ts'

/** `manifest for alpine:9 not found: manifest unknown: manifest unknown` */
export function pullError(reference: Reference, error: unknown): unknown {
  if (!(error instanceof RegistryError)) return error
  const { codes, status, message } = error
  const name = familiarReference(reference)
  const repository = familiarRepository(reference)
  if (codes.includes('DENIED') || (codes.length > 0 && status === 403)) {
    const words = `pull access denied for ${repository}, repository does not exist or may require 'docker login': ${message}`
    return reworded(
      error,
      words,
      `check the name; if it is private, log in with "mini-docker login ${reference.domain}"`,
    )
  }
  if (codes.includes('MANIFEST_UNKNOWN')) {
    return reworded(
      error,
      `manifest for ${name} not found: ${message}`,
      `see which tags there are: check the spelling of "${name}"`,
    )
  }
  if (codes.includes('NAME_UNKNOWN')) {
    return reworded(error, `repository ${repository} not found: ${message}`, `check the spelling of "${repository}"`)
  }
  return error
}

/** A push is told without the request that was refused, as docker tells it. */
export function pushError(error: unknown): unknown {
  if (!(error instanceof RegistryError) || error.status !== 401) return error
  return reworded(error, error.message.replace(/^[A-Z][a-z]+ "[^"]*": /, ''), error.hint ?? '')
}

function reworded(error: RegistryError, message: string, hint: string): RegistryError {
  const { status, codes, retryable } = error
  return new RegistryError(message, { status, codes, retryable, hint, code: error.code, cause: error })
}
