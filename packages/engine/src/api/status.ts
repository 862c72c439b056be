/** From an error to the HTTP status and the `{message}` that docker's clients print. */
import { RegistryError } from '@mini-docker/image'
import { SyscallError, UserError, type UserErrorCode } from '@mini-docker/syscall'

/** What a client is told of a failure. `hint` is a field of its own where the message has to be docker's to the letter. */
export type Failure = { status: number; message: string; hint?: string }

/** An error with the status that docker gives it, where the kind of error does not decide it. */
export class StatusError extends Error {
  readonly status: number
  readonly hint: string | undefined

  constructor(status: number, message: string, options: ErrorOptions & { hint?: string | undefined } = {}) {
    super(message, options)
    this.status = status
    this.hint = options.hint
  }
}

const STATUS: Record<UserErrorCode, number> = {
  invalid: 400,
  denied: 403,
  'not-found': 404,
  conflict: 409,
  'not-built': 501,
  unavailable: 503,
}

/** The status a thrown error means, and its words. A hint mostly follows the message, since docker's clients show nothing else. */
export function statusOf(error: unknown): Failure {
  if (error instanceof StatusError) return withField(error.status, error)
  // For docker, whatever a registry says is a failure of its own, unless a route knows better.
  if (error instanceof RegistryError) return withField(500, error)
  if (error instanceof UserError) return { status: STATUS[error.code], message: withHint(error.message, error.hint) }
  if (error instanceof SyscallError) return { status: 500, message: withHint(error.message, error.hint) }
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof Error && 'code' in error && FULL.has(error.code))
    return {
      status: 500,
      message: withHint(message, 'the disk of the data root is full: free some space, then try again'),
    }
  return { status: 500, message }
}

/** Whether an error came from outside: then where it was noticed is of no interest. */
export function isOfOthers(error: unknown): boolean {
  return !(error instanceof Error) || error instanceof RegistryError || error instanceof StatusError
}

/** Node's errors of a write(2) do not name the file. */
const FULL = new Set<unknown>(['ENOSPC', 'EDQUOT'])

function withHint(message: string, hint: string | undefined): string {
  return hint === undefined ? message : `${message} (${hint})`
}

function withField(status: number, { message, hint }: { message: string; hint: string | undefined }): Failure {
  return hint === undefined ? { status, message } : { status, message, hint }
}
