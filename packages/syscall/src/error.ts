/** The two errors that packages of this house throw: the kernel refused, or the user asked for what cannot be. */
import { errnoMessage, errnoName, type Errno } from './errno.ts'
import { hintFor } from './hints.ts'

/**
 * A system call that the kernel refused. Prints like `mount(overlay, …/rootfs, overlay, MS_NODEV, lowerdir=…): EINVAL
 * (invalid argument)`; `hint` says what to check next.
 */
export class SyscallError extends Error {
  override readonly name = 'SyscallError'
  readonly code: Errno | `E${number}`
  readonly errno: number
  readonly syscall: string
  /** The decoded arguments, as strace prints them. */
  readonly args: string[]
  readonly hint: string | undefined

  constructor(syscall: string, errno: number, args: string[], hint?: string) {
    const code = errnoName(errno)
    super(`${syscall}(${args.join(', ')}): ${code ?? errno}${code === undefined ? '' : ` (${errnoMessage(code)})`}`)
    this.code = code ?? `E${errno}`
    this.errno = errno
    this.syscall = syscall
    this.args = args
    this.hint = hint ?? (code === undefined ? undefined : hintFor(syscall, code))
  }
}

/**
 * What kind of mistake it was; the daemon turns it into an HTTP status, the command line into an exit code.
 * `invalid` 400, `denied` 403, `not-found` 404, `conflict` 409, `not-built` 501, `unavailable` 503.
 */
export type UserErrorCode = 'invalid' | 'denied' | 'not-found' | 'conflict' | 'not-built' | 'unavailable'

/** Something the user can mend. The message names the object and the value; the hint says what to do. */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly code: UserErrorCode
  readonly hint: string | undefined

  constructor(code: UserErrorCode, message: string, options: ErrorOptions & { hint?: string } = {}) {
    super(message, options)
    this.code = code
    this.hint = options.hint
  }
}
