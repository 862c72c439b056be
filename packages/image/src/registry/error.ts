/** What a registry refused, or why it could not be reached. */
import { UserError, type UserErrorCode } from '@mini-docker/syscall'

export type RegistryErrorDetails = {
  hint: string
  /** The HTTP status; absent where no answer came. */
  status?: number | undefined
  codes?: readonly string[]
  retryable?: boolean
  retryAfter?: string | undefined
  code?: UserErrorCode
  cause?: unknown
}

/** Message and hint are docker's where docker has words. */
export class RegistryError extends UserError {
  readonly status: number | undefined
  /** The OCI's words for what is wrong: `MANIFEST_UNKNOWN`, `DENIED` … (distribution-spec, "Error Codes"). */
  readonly codes: readonly string[]
  /** The same request may succeed later. */
  readonly retryable: boolean
  /** The header of that name: when. */
  readonly retryAfter: string | undefined

  constructor(message: string, details: RegistryErrorDetails) {
    const { status, hint, codes = [], retryable = false, code = codeOf(status), cause } = details
    super(code, message, { hint, ...(cause !== undefined && { cause }) })
    this.status = status
    this.codes = codes
    this.retryable = retryable
    this.retryAfter = details.retryAfter
  }
}

function codeOf(status: number | undefined): UserErrorCode {
  if (status === 401 || status === 403) return 'denied'
  if (status === 404) return 'not-found'
  if (status === undefined || status === 429 || status >= 500) return 'unavailable'
  return 'invalid'
}
