/** From an error to the HTTP status and the `{message}` that docker's clients print. */
import { SyscallError, UserError, type UserErrorCode } from '@mini-docker/syscall'

const STATUS: Record<UserErrorCode, number> = {
  invalid: 400,
  denied: 403,
  'not-found': 404,
  conflict: 409,
  'not-built': 501,
  unavailable: 503,
}

/** The status a thrown error means, and its words. A hint follows the message, since docker's clients show nothing else. */
export function statusOf(error: unknown): { status: number; message: string } {
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

/** Node's errors of a write(2) do not name the file. */
const FULL = new Set<unknown>(['ENOSPC', 'EDQUOT'])

function withHint(message: string, hint: string | undefined): string {
  return hint === undefined ? message : `${message} (${hint})`
}
