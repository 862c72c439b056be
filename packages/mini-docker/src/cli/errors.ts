/**
 * How a command ends badly: a message for stderr, as docker prints it, and an exit status.
 *
 * Docker's statuses: 1 for most failures; 125 when the client or the daemon refused; 126 and 127 when the program in
 * the container could not be executed or was not found; 128+n never comes from here (it is the container's own).
 */

/**
 * For `static [Symbol.hasInstance]`: an error is known by its name. Every file of the bundle stands alone, with its own
 * copy of these classes, and an error made in one file must be recognised in another.
 */
export function isNamed(value: unknown, name: string): boolean {
  return value instanceof Error && value.name === name
}

/** Ends the command: `message` goes to stderr as it is (nothing when empty), the process exits with `exitCode`. */
export class CliError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isNamed(value, 'CliError')
  }

  override readonly name = 'CliError'
  readonly exitCode: number

  constructor(message: string, exitCode = 1, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}

/** Only an exit status, with nothing more to say (the container's own status, or errors already printed). */
export function exitWith(exitCode: number): CliError {
  return new CliError('', exitCode)
}

/** The name that stands before messages; docker's own client writes `docker` there. */
export const PROGRAM = 'mini-docker'

/** Docker's wording for `run` and `create`, which prefix the program's name and point to the help. */
export function runFailure(command: string, message: string, exitCode = 125): CliError {
  return new CliError(`${PROGRAM}: ${message}\n\nRun '${PROGRAM} ${command} --help' for more information`, exitCode)
}

/** A flag of docker that this project does not have yet: always an error, never ignored. */
export function notBuilt(flag: string, comesWith: string): CliError {
  return new CliError(`${PROGRAM}: ${flag} is not built yet (${comesWith})`, 125)
}
