/** The command `cgroup`: run, ls, stat, show. All that it touches comes in as parameters. */
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { SyscallError, UserError } from '@mini-docker/syscall'
import { cpusToQuota } from './controllers/cpu.ts'
import { invalid } from './controllers/require.ts'
import { parseCount, parseCpus, parseSize } from './command-values.ts'
import { formatLayout, formatStats } from './command-format.ts'
import { processes } from './processes.ts'
import { readCgroupLayout } from './read-layout.ts'
import type { OciLinuxResources } from './resources.ts'
import { runInCgroup, startExitCode } from './run-command.ts'
import { readStats } from './stats/read.ts'
import { cgroupSupport } from './support.ts'

export type CommandIo = {
  write: (text: string) => void
  writeError: (text: string) => void
  env: Record<string, string>
  cwd: string
  /** Aborted on SIGTERM: the group is killed. */
  signal: AbortSignal
}

type RunFlags = {
  memory?: string
  memorySwap?: string
  cpus?: string
  cpusetCpus?: string
  pids?: string
  name?: string
}

/**
 * Runs the command line (without program name) and returns the exit code: 125 for a wrong command line, 1 for a failure,
 * and of `run` docker's. Prints through `io`; throws only what is a bug.
 */
export async function cgroupCommand(argv: string[], io: CommandIo): Promise<number> {
  let exitCode = 0
  const program = new Command('cgroup').description('control groups: limits and what they have used')
  program.exitOverride().enablePositionalOptions()
  program.configureOutput({ writeOut: io.write, writeErr: io.writeError })
  program
    .command('run')
    .description('run a command in a group of its own, and take the group away afterwards')
    .option('-m, --memory <size>', 'memory limit, like 64M')
    .option('--memory-swap <size>', 'memory and swap together; -1 for unlimited swap')
    .option('--cpus <number>', 'processors, like 1.5')
    .option('--cpuset-cpus <list>', 'which processors, like 0-1')
    .option('--pids <number>', 'most processes and threads; -1 for no limit')
    .option('--name <name>', 'name of the group (default: a random one)')
    .argument('<command...>')
    .passThroughOptions()
    .action(async (command: string[], flags: RunFlags) => {
      try {
        exitCode = await run(command, flags, io)
      } catch (error) {
        exitCode = report(error, io, startExitCode(error))
      }
    })
  program
    .command('ls')
    .description('groups that mini-docker has made')
    .action(() => list(io))
  program
    .command('stat')
    .description('what a group has used')
    .argument('<path>', 'like mini-docker/<id>')
    .option('--json', 'as JSON')
    .action(async (path: string, flags: { json?: true }) => {
      const stats = await readStats(readCgroupLayout(), path)
      io.write(flags.json ? `${JSON.stringify(stats, null, 2)}\n` : formatStats(stats))
    })
  program
    .command('show')
    .description('the cgroup hierarchies of this machine, and what they can limit')
    .option('--json', 'as JSON')
    .action((flags: { json?: true }) => {
      const layout = readCgroupLayout()
      const support = cgroupSupport(layout)
      io.write(flags.json ? `${JSON.stringify({ layout, support }, null, 2)}\n` : formatLayout(layout, support))
    })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    return report(error, io, 1)
  }
}

async function run(argv: string[], flags: RunFlags, io: CommandIo): Promise<number> {
  const name = flags.name ?? `mini-docker.run-${randomBytes(4).toString('hex')}`
  if (name.includes('/')) throw invalid(`invalid group name ${JSON.stringify(name)}`, 'a name without slashes')
  const layout = readCgroupLayout()
  const result = await runInCgroup(layout, {
    path: name,
    resources: resources(flags),
    argv,
    env: io.env,
    cwd: io.cwd,
    signal: io.signal,
  })
  if (result.oomKills > 0)
    io.writeError(`cgroup: the memory limit ${flags.memory ?? ''} was reached: ${result.oomKills} killed\n`)
  return result.exitCode
}

function resources(flags: RunFlags): OciLinuxResources {
  const cpus = flags.cpus === undefined ? {} : cpusToQuota(parseCpus(flags.cpus))
  return {
    memory: {
      limit: flags.memory === undefined ? undefined : parseSize('--memory', flags.memory),
      swap: flags.memorySwap === undefined ? undefined : parseSize('--memory-swap', flags.memorySwap),
    },
    cpu: { ...cpus, cpus: flags.cpusetCpus },
    pids: { limit: flags.pids === undefined ? undefined : parseCount('--pids', flags.pids) },
  }
}

function list(io: CommandIo): void {
  const layout = readCgroupLayout()
  const paths = new Set(layout.hierarchies.flatMap(({ base }) => groupsBelow(base)))
  for (const path of [...paths].toSorted()) {
    const count = processes(layout, path).length
    io.write(`${path}\t${count} process${count === 1 ? '' : 'es'}\n`)
  }
}

/** `mini-docker`, its children, and groups of `cgroup run`. */
function groupsBelow(base: string): string[] {
  const own = directories(base).filter((name) => name === 'mini-docker' || name.startsWith('mini-docker.'))
  return own.flatMap((name) => [name, ...directories(`${base}/${name}`).map((child) => `${name}/${child}`)])
}

function directories(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
}

function report(error: unknown, io: CommandIo, exitCode: number): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 125
  if (!(error instanceof UserError || error instanceof SyscallError)) throw error
  io.writeError(`cgroup: ${error.message}\n${error.hint === undefined ? '' : `  hint: ${error.hint}\n`}`)
  return exitCode
}
