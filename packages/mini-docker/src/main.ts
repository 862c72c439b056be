/**
 * The command `mini-docker`: finds the command's name and loads only that command's code, since loading is most of what
 * a client costs. What every command needs is imported here, so that the bundle has it in one file; each `import()` below
 * becomes a file of its own.
 */
import { runCommand, type Command } from './cli/command.ts'
import { CliError, notBuilt } from './cli/errors.ts'
import { describeFailure } from './cli/failure.ts'
import { processTerminal } from './cli/terminal.ts'

type Loader = () => Promise<{ command: Command }>

const COMMANDS: Record<string, Loader> = {
  anatomy: () => import('./commands/anatomy.ts'),
  attach: () => import('./commands/attach.ts'),
  commit: () => import('./commands/commit.ts'),
  cp: () => import('./commands/cp.ts'),
  create: () => import('./commands/create.ts'),
  daemon: () => import('./commands/daemon.ts'),
  diff: () => import('./commands/diff.ts'),
  doctor: () => import('./commands/doctor.ts'),
  events: () => import('./commands/events.ts'),
  exec: () => import('./commands/exec.ts'),
  export: () => import('./commands/export.ts'),
  gc: () => import('./commands/gc.ts'),
  history: () => import('./commands/history.ts'),
  images: () => import('./commands/images.ts'),
  import: () => import('./commands/import.ts'),
  info: () => import('./commands/info.ts'),
  inspect: () => import('./commands/inspect.ts'),
  kill: () => import('./commands/kill.ts'),
  load: () => import('./commands/load.ts'),
  login: () => import('./commands/login.ts'),
  logout: () => import('./commands/logout.ts'),
  logs: () => import('./commands/logs.ts'),
  pause: () => import('./commands/pause.ts'),
  port: () => import('./commands/port.ts'),
  ps: () => import('./commands/ps.ts'),
  pull: () => import('./commands/pull.ts'),
  push: () => import('./commands/push.ts'),
  record: () => import('./commands/record.ts'),
  rename: () => import('./commands/rename.ts'),
  replay: () => import('./commands/replay.ts'),
  restart: () => import('./commands/restart.ts'),
  rm: () => import('./commands/rm.ts'),
  rmi: () => import('./commands/rmi.ts'),
  run: () => import('./commands/run.ts'),
  save: () => import('./commands/save.ts'),
  search: () => import('./commands/search.ts'),
  start: () => import('./commands/start.ts'),
  stats: () => import('./commands/stats.ts'),
  stop: () => import('./commands/stop.ts'),
  tag: () => import('./commands/tag.ts'),
  top: () => import('./commands/top.ts'),
  ui: () => import('./commands/ui.ts'),
  unpause: () => import('./commands/unpause.ts'),
  verify: () => import('./commands/verify.ts'),
  version: () => import('./commands/version.ts'),
  wait: () => import('./commands/wait.ts'),
}

const CONTAINER_ONLY: Record<string, Loader> = { prune: () => import('./commands/container-prune.ts') }
const IMAGE_ONLY: Record<string, Loader> = {
  copy: () => import('./commands/image-copy.ts'),
  diff: () => import('./commands/image-diff.ts'),
  prune: () => import('./commands/image-prune.ts'),
  tree: () => import('./commands/image-tree.ts'),
}
const CLASS_ONLY: Record<string, Loader> = {
  pack: () => import('./commands/class-pack.ts'),
  serve: () => import('./commands/class-serve.ts'),
}
const MANIFEST_ONLY: Record<string, Loader> = { inspect: () => import('./commands/manifest-inspect.ts') }
const NETWORK_ONLY: Record<string, Loader> = {
  connect: () => import('./commands/network-connect.ts'),
  create: () => import('./commands/network-create.ts'),
  disconnect: () => import('./commands/network-disconnect.ts'),
  inspect: () => import('./commands/network-inspect.ts'),
  list: () => import('./commands/network-ls.ts'),
  ls: () => import('./commands/network-ls.ts'),
  prune: () => import('./commands/network-prune.ts'),
  remove: () => import('./commands/network-rm.ts'),
  rm: () => import('./commands/network-rm.ts'),
}
const VOLUME_ONLY: Record<string, Loader> = {
  create: () => import('./commands/volume-create.ts'),
  inspect: () => import('./commands/volume-inspect.ts'),
  list: () => import('./commands/volume-ls.ts'),
  ls: () => import('./commands/volume-ls.ts'),
  prune: () => import('./commands/volume-prune.ts'),
  remove: () => import('./commands/volume-rm.ts'),
  rm: () => import('./commands/volume-rm.ts'),
  update: () => import('./commands/volume-update.ts'),
}
/** `diff runc IMAGE`, which `diff CONTAINER` is not. */
const loadDiffRunc: Loader = () => import('./commands/diff-runc.ts')
const SYSTEM_ONLY: Record<string, Loader> = { df: () => import('./commands/system-df.ts') }

type Group = {
  aliases: Record<string, string>
  own: Record<string, Loader>
  /** Docker's, which are refused. */
  notBuilt?: string
}

/** Docker's groups: which top-level command stands behind `container ls` and the like. */
const GROUPS: Record<string, Group> = {
  class: { aliases: {}, own: CLASS_ONLY },
  container: {
    aliases: {
      ...same(
        'anatomy attach commit cp create diff exec export inspect kill logs pause port ps rename restart rm run start stats stop top unpause wait',
      ),
      ls: 'ps',
      list: 'ps',
      remove: 'rm',
    },
    own: CONTAINER_ONLY,
  },
  image: {
    aliases: {
      ...same('history import inspect load pull push save tag'),
      ls: 'images',
      list: 'images',
      rm: 'rmi',
      remove: 'rmi',
    },
    own: IMAGE_ONLY,
  },
  manifest: { aliases: {}, own: MANIFEST_ONLY, notBuilt: 'annotate create push rm' },
  network: { aliases: {}, own: NETWORK_ONLY },
  system: { aliases: same('events info'), own: SYSTEM_ONLY },
  volume: { aliases: {}, own: VOLUME_ONLY },
}

function same(names: string): Record<string, string> {
  return Object.fromEntries(names.split(' ').map((name) => [name, name]))
}

/** Flags before the command that have a value, and the variable of the environment that says the same. */
const VALUED: Record<string, string> = {
  '-H': 'MINI_DOCKER_HOST',
  '--host': 'MINI_DOCKER_HOST',
  '--config': 'DOCKER_CONFIG',
}

void main(process.argv.slice(2))

async function main(argv: string[]): Promise<void> {
  let terminal = processTerminal()
  try {
    const { argv: rest, env, version } = globalFlags(argv)
    terminal = { ...terminal, env: { ...terminal.env, ...env } }
    const command = await findCommand(version ? ['version', '--short'] : rest)
    if (command === undefined) terminal.out((await import('./cli/overview.ts')).overview(rest[0]))
    else await runCommand(command.command, command.argv, terminal)
    process.exit(0)
  } catch (error) {
    const { message, exitCode } = describeFailure(error, terminal.env)
    if (message !== '') terminal.err(`${message}\n`)
    process.exit(exitCode)
  }
}

/** `-H unix://… --config DIR -D -v` before the command; anything else there is a mistake. */
function globalFlags(argv: string[]): { argv: string[]; env: Record<string, string>; version: boolean } {
  const env: Record<string, string> = {}
  let version = false
  const rest = [...argv]
  while (rest[0]?.startsWith('-') === true) {
    const arg = rest.shift() as string
    const [, name = '', attached] = /^(--[^=]*|-H)(?:=?(.*))$/s.exec(arg) ?? []
    const variable = VALUED[name]
    if (variable !== undefined) {
      const value = arg === name ? rest.shift() : attached
      if (value === undefined) throw mistake(`flag needs an argument: ${name === '-H' ? "'H' in -H" : name}`)
      env[variable] = value
    } else if (arg === '-v' || arg === '--version') version = true
    else if (arg === '-h' || arg === '--help') return { argv: [], env, version: false }
    else if (arg !== '-D' && arg !== '--debug') {
      throw mistake(
        arg.startsWith('--') ? `unknown flag: ${arg.split('=')[0]}` : `unknown shorthand flag: '${arg[1]}' in ${arg}`,
      )
    }
  }
  return { argv: rest, env, version }
}

function mistake(message: string): CliError {
  return new CliError(
    `${message}\n\nUsage:  mini-docker [OPTIONS] COMMAND [ARG...]\n\nRun 'mini-docker --help' for more information`,
    125,
  )
}

/** The command and what is left of the words; undefined for a group alone, or nothing: show what there is. */
async function findCommand(argv: string[]): Promise<{ command: Command; argv: string[] } | undefined> {
  const [name, ...rest] = argv
  if (name === undefined || name === 'help') return undefined
  const group = GROUPS[name]
  if (group === undefined) {
    if (name === 'diff' && rest[0] === 'runc' && rest.length > 1)
      return { command: (await loadDiffRunc()).command, argv: rest.slice(1) }
    const load = COMMANDS[name]
    if (load === undefined)
      throw new CliError(
        `mini-docker: unknown command: mini-docker ${name}\n\nRun 'mini-docker --help' for more information`,
      )
    return { command: (await load()).command, argv: rest }
  }
  const [sub, ...subRest] = rest
  if (sub === undefined || sub === '--help') return undefined
  if (group.notBuilt?.split(' ').includes(sub) === true) throw notBuilt(`${name} ${sub}`, 'lists are read, not made')
  const load = group.own[sub] ?? COMMANDS[group.aliases[sub] ?? '']
  if (load === undefined) {
    throw new CliError(
      `mini-docker: unknown command: mini-docker ${name} ${sub}\n\nUsage:  mini-docker ${name}\n\nRun 'mini-docker ${name} --help' for more information`,
    )
  }
  const { command } = await load()
  const type = sub === 'inspect' && group.own[sub] === undefined ? ['--type', name] : []
  return { command: { ...command, name: `${name} ${sub}` }, argv: [...type, ...subRest] }
}
