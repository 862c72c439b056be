/** `cgroup run`: a command in a group of its own. The same steps as for a container, without the container. */
import { accessSync, constants, rmdirSync, statSync } from 'node:fs'
import {
  AT_FDCWD,
  CLONE_INTO_CGROUP,
  CLONE_PIDFD,
  LaunchError,
  O_CLOEXEC,
  O_DIRECTORY,
  O_RDONLY,
  SIGCHLD,
  UserError,
  call,
  encodeProgram,
  launch,
  ref,
  shellWord,
  struct,
  type Step,
} from '@mini-docker/syscall'
import { kill } from './kill.ts'
import type { CgroupLayout } from './layout.ts'
import { oomKills } from './oom.ts'
import { planCgroup, type CgroupPlan } from './plan.ts'
import { remove } from './remove.ts'
import type { OciLinuxResources } from './resources.ts'

export type RunOptions = {
  path: string
  resources: OciLinuxResources
  argv: string[]
  env: Record<string, string>
  cwd: string
  signal?: AbortSignal
}
export type RunResult = { exitCode: number; oomKills: number }

/**
 * Runs a command in a new group with this process's stdio and takes the group away afterwards, with whatever is left
 * in it. Aborting `signal` kills the group. Exit codes as docker's: 127 not found, 126 not executable, 128+n a signal.
 * @throws UserError `conflict` when there is such a group already: its processes are none of ours, and it is left alone.
 */
export async function runInCgroup(layout: CgroupLayout, options: RunOptions): Promise<RunResult> {
  const plan = planCgroup(layout, options.path, options.resources)
  const steps = runSteps(plan, options)
  let isOurs = true
  try {
    const run = await launch(encodeProgram(steps, { monitor: { child: 'child', pidfd: 'pidfd', foreground: true } }), {
      stdio: 'inherit',
    })
    const stop = () => void kill(layout, options.path).catch(() => undefined)
    options.signal?.addEventListener('abort', stop)
    // It may have come while the program was starting.
    if (options.signal?.aborted) stop()
    const exitCode = await run.ended
    options.signal?.removeEventListener('abort', stop)
    return { exitCode, oomKills: oomKills(layout, options.path) }
  } catch (error) {
    if (!(error instanceof LaunchError && error.syscall === 'mkdirat')) throw error
    isOurs = false
    removeMadeBefore(error, plan.directories)
    if (error.code !== 'EEXIST') throw error
    throw new UserError('conflict', `there is a cgroup ${options.path} already`, {
      hint: 'choose another --name',
      cause: error,
    })
  } finally {
    if (isOurs) {
      await kill(layout, options.path)
      await remove(layout, options.path)
    }
  }
}

/** The group could not be made in one tree: those made in the trees before it are ours, and empty. */
function removeMadeBefore({ call: failed }: LaunchError, directories: readonly string[]): void {
  const count = directories.findIndex((directory) => failed?.args.includes(directory))
  for (const directory of directories.slice(0, Math.max(0, count))) rmdirSync(directory)
}

/** The plan of the group, a child born in it, and the command. Pure but for finding the program in PATH. */
function runSteps(plan: CgroupPlan, { argv, env, cwd }: RunOptions): Step[] {
  const program = findProgram(argv[0] ?? '', env['PATH'] ?? '', cwd)
  const strings = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  return [
    ...plan.steps.filter(({ where }) => where === 'host'),
    cloneStep(plan.v2Directory),
    ...plan.steps.filter(({ where }) => where === 'container'),
    {
      id: 'process.exec',
      stage: 'process',
      where: 'container',
      calls: [call('chdir', [cwd]), call('execve', [program, { strings: argv }, { strings }])],
      shell: [`exec ${argv.map(shellWord).join(' ')}`],
      man: ['execve(2)'],
    },
  ]
}

function cloneStep(v2Directory: string | undefined): Step {
  const born =
    v2Directory === undefined
      ? []
      : [call('openat', [AT_FDCWD, v2Directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0], { as: 'cgroup.directory' })]
  const flags = BigInt(CLONE_PIDFD) | (v2Directory === undefined ? 0n : CLONE_INTO_CGROUP)
  const clone = struct('clone_args', {
    flags,
    pidfd: { out: 4, as: ['pidfd'] },
    exit_signal: SIGCHLD,
    ...(v2Directory === undefined ? {} : { cgroup: ref('cgroup.directory') }),
  })
  return {
    id: 'process.clone',
    stage: 'process',
    where: 'host',
    calls: [...born, call('clone3', [clone, 88], { as: 'child' })],
    shell: ['( # a new shell'],
    man: ['clone(2)'],
  }
}

/** As execvp(3): a name with a slash is a path, others are looked for in PATH. */
function findProgram(name: string, path: string, cwd: string): string {
  if (name.includes('/')) return name
  const candidates = path.split(':').map((directory) => `${directory === '' ? cwd : directory}/${name}`)
  const found = candidates.find(isExecutable)
  if (name === '' || found === undefined) throw new UserError('not-found', `no program ${JSON.stringify(name)} in PATH`)
  return found
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/** docker's exit codes for a command that could not be started. */
export function startExitCode(error: unknown): number {
  if (error instanceof LaunchError && error.syscall === 'execve') return error.code === 'ENOENT' ? 127 : 126
  if (error instanceof UserError && error.code === 'not-found') return 127
  return 125
}
