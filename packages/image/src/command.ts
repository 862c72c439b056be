/**
 * The command `image`: images of containers by hand, without daemon or containers.
 *
 *   image --root DIR  ls | inspect REF | history REF | tree REF | diff A B | manifest inspect REF        command/look.ts
 *                     pull NAME | push NAME | copy SOURCE DESTINATION                                   command/transfer.ts
 *                     login [SERVER] | logout [SERVER] | search TERM                                    command/account.ts
 *                     load FILE | save REF… -o FILE | import FILE [REF]                                 command/archives.ts
 *                     unpack REF DIR | tag REF NEW | rm REF… | prune | verify | gc | demo               command/change.ts
 *                     serve                                                                             command/serve.ts
 */
import { SyscallError, UserError } from '@mini-docker/syscall'
import { Command, CommanderError } from 'commander'
import { addAccount } from './command/account.ts'
import { addArchives } from './command/archives.ts'
import { addChanging } from './command/change.ts'
import { addLooking } from './command/look.ts'
import { addServing } from './command/serve.ts'
import { Interrupted, Session, type Io } from './command/session.ts'
import { addTransfer } from './command/transfer.ts'

export type { Io } from './command/session.ts'

const DEFAULT_ROOT = '/var/lib/mini-docker'
const INTERRUPTED = 130

/**
 * Runs one command line (without the program's name).
 * @returns the exit code: 0, 1 for a failure, 2 for a wrong command line, 130 after Ctrl-C.
 */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const image = new Command('image').description('Images of containers: registries, store, archives').exitOverride()
  image.option('--root <dir>', 'where the store lies', DEFAULT_ROOT)
  image.configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
  const session = new Session(io, () => image.opts<{ root: string }>().root)
  for (const add of [addLooking, addTransfer, addAccount, addArchives, addChanging, addServing]) add(image, session)
  try {
    await image.parseAsync([...args], { from: 'user' })
    return session.code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    io.stderr.write(`image: ${describe(error)}\n`)
    return error instanceof Interrupted ? INTERRUPTED : 1
  }
}

function describe(error: unknown): string {
  if (!(error instanceof UserError || error instanceof SyscallError)) return describeForeign(error)
  return error.hint === undefined ? error.message : `${error.message}\n  hint: ${error.hint}`
}

/** Errors of Node's fs name the object last, and the call where nobody needs it: `open /x: no such file or directory`. */
function describeForeign(error: unknown): string {
  const match = error instanceof Error ? /^E[A-Z0-9]+: (.*?), (\w+) '(.*)'$/s.exec(error.message) : null
  if (match !== null) return `${match[2]} ${match[3]}: ${match[1]}`
  return error instanceof Error ? error.message : String(error)
}
