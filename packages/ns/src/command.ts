/** The command `ns`: run, enter, ls. All that it touches comes in as parameters. */
import { readlinkSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'
import { formatCall, LaunchError, runForeground, SyscallError, UserError, type Step } from '@mini-docker/syscall'
import { messages } from './messages.ts'
import { NAMESPACE_FLAGS, type NamespaceType } from './namespaces.ts'
import { planEnterRun, planRun } from './run.ts'

export type CommandIo = {
  write: (text: string) => void
  writeError: (text: string) => void
  env: readonly string[]
  cwd: string
  uid: number
  gid: number
}

type RunFlags = Partial<Record<NamespaceType, boolean>> & {
  all?: true
  hostname?: string
  root?: string
  explain?: true
}

const TYPES = Object.keys(NAMESPACE_FLAGS) as NamespaceType[]
/** clone3 cannot put a child into a new time namespace; the rest need no help. */
const RUN_TYPES = TYPES.filter((type) => type !== 'time')

/** Runs the command line (without program name) and returns the exit code. Prints through `io`, throws nothing. */
export async function nsCommand(argv: string[], io: CommandIo): Promise<number> {
  let exitCode = 0
  const program = new Command('ns').description('namespaces: what a process can see of the machine')
  program.exitOverride().enablePositionalOptions()
  program.configureOutput({ writeOut: io.write, writeErr: io.writeError })
  const run = program.command('run').description('run a command in new namespaces')
  for (const type of RUN_TYPES) run.addOption(new Option(`--${type}`, `a new ${type} namespace`))
  run
    .option('--all', 'all of them but user')
    .option('--hostname <name>', 'set the host name (with --uts)')
    .option('--root <directory>', 'pivot into this directory (implies --mount)')
    .option('--explain', 'print the steps, run nothing')
    .argument('<command...>')
    .passThroughOptions()
    .action(async (command: string[], flags: RunFlags) => {
      const namespaces = RUN_TYPES.filter((type) => flags[type] === true || (flags.all === true && type !== 'user'))
      if (flags.hostname !== undefined && !namespaces.includes('uts'))
        throw new UserError('invalid', '--hostname needs --uts, or the machine itself would be renamed')
      const steps = planRun({
        namespaces,
        argv: command,
        env: io.env,
        cwd: io.cwd,
        uid: io.uid,
        gid: io.gid,
        hostname: flags.hostname,
        root: flags.root,
      })
      if (flags.explain === true) io.write(explain(steps))
      else exitCode = await runForeground(steps)
    })
  program
    .command('enter')
    .description('run a command in the namespaces of a process')
    .argument('<pid>')
    .argument('<command...>')
    .passThroughOptions()
    .action(async (pid: string, command: string[]) => {
      exitCode = await runForeground(planEnterRun(parsePid(pid), command, io.env))
    })
  program
    .command('ls')
    .description('the namespaces of a process')
    .argument('[pid]', 'default: the one of this command itself', 'self')
    .action((pid: string) => {
      for (const [type, id] of namespacesOf(pid === 'self' ? pid : String(parsePid(pid)))) io.write(`${type}\t${id}\n`)
    })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    return report(error, io)
  }
}

/** Type and inode number of each namespace, from /proc/PID/ns. @throws UserError when there is no such process. */
export function namespacesOf(pid: string): [type: string, inode: string][] {
  return ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts'].map((file) => {
    try {
      return [file, /\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/ns/${file}`))?.[1] ?? '']
    } catch (cause) {
      throw new UserError('not-found', `cannot read the namespaces of process ${pid}`, {
        cause,
        hint: 'is it running, and are you root?',
      })
    }
  })
}

function explain(steps: readonly Step[]): string {
  return steps
    .map((step) => {
      const text = messages[step.id]?.en
      return [
        `# ${text?.title ?? step.id}`,
        ...(text === undefined ? [] : [`#   ${text.why}`]),
        ...step.shell,
        ...step.calls.map((call) => `#   ${formatCall(call)}`),
        '',
      ].join('\n')
    })
    .join('\n')
}

function parsePid(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new UserError('invalid', `invalid pid ${JSON.stringify(text)}`)
  return Number(text)
}

function report(error: unknown, io: CommandIo): number {
  if (error instanceof CommanderError) return error.exitCode
  if (error instanceof SyscallError || error instanceof UserError) {
    io.writeError(`ns: ${error.message}\n${error.hint === undefined ? '' : `  ${error.hint}\n`}`)
    if (error instanceof LaunchError && error.syscall === 'execve') return error.code === 'ENOENT' ? 127 : 126
    return 125
  }
  throw error
}
