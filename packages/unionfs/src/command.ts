/** The command `unionfs`: mount, umount, diff, ls, support. All that it touches comes in as parameters. */
import { isAbsolute, resolve } from 'node:path'
import { Command, CommanderError } from 'commander'
import { encodeProgram, invoke, runProgram, SyscallError, UserError } from '@mini-docker/syscall'
import { diffUpper } from './diff.ts'
import { readMountedOverlays } from './mounted.ts'
import { overlayMount } from './mount.ts'
import { readOverlaySupport } from './support.ts'
import { LayerView, type LayerStat } from './view.ts'

export type CommandIo = {
  write: (text: string) => void
  writeError: (text: string) => void
  cwd: string
}

type MountFlags = { upper?: string; work?: string; volatile?: true; explain?: true }

/** Runs the command line (without program name). @returns the exit code: 0, 1 for a failure, 2 for a wrong command line. */
export async function unionfsCommand(argv: string[], io: CommandIo): Promise<number> {
  const program = new Command('unionfs').description('several directories seen as one')
  program.exitOverride()
  program.configureOutput({ writeOut: io.write, writeErr: io.writeError })
  const path = (text: string) => resolve(io.cwd, text)
  program
    .command('mount')
    .description('show layers as one tree at a directory; the topmost layer comes first')
    .usage('[options] LOWER... TARGET')
    .argument('<directories...>', 'the layers, and at the end where they show')
    .option('--upper <directory>', 'where changes go; without it the tree is read-only')
    .option('--work <directory>', 'an empty directory on the same filesystem as --upper')
    .option('--volatile', 'never write the upper directory out to the disk')
    .option('--explain', 'print the commands one would type, and mount nothing')
    .action((directories: string[], flags: MountFlags) => mount(directories.map(path), flags, path, io))
  program
    .command('umount')
    .description('take the tree away; upper and layers stay')
    .argument('<target>')
    .action((target: string) => void invoke('umount2', path(target), 0))
  program
    .command('diff')
    .description('what an upper directory changes: A added, C changed, D deleted')
    .argument('<upper>')
    .argument('[lower...]', 'the layers below it; may be left out while the overlay is mounted')
    .action((upper: string, lower: string[]) => diff(path(upper), lower.map(path), io))
  program
    .command('ls')
    .description('what shows of some layers, without mounting them; the topmost comes first')
    .argument('<layers...>')
    .option('--path <path>', 'a path in the union', '/')
    .option('-R, --recursive', 'everything below it')
    .action((layers: string[], flags: { path: string; recursive?: true }) => list(layers.map(path), flags, io))
  program
    .command('support')
    .description('whether overlays work here, and whether a directory can hold an upper one')
    .argument('[directory]', 'default: the current one', '.')
    .action((directory: string) => support(path(directory), io))
  try {
    await program.parseAsync(argv, { from: 'user' })
    return 0
  } catch (error) {
    return report(error, io)
  }
}

async function mount(
  directories: string[],
  flags: MountFlags,
  path: (text: string) => string,
  io: CommandIo,
): Promise<void> {
  const target = directories.at(-1) ?? io.cwd
  const step = overlayMount({
    layersDir: io.cwd,
    lower: directories.slice(0, -1),
    upper: flags.upper === undefined ? undefined : path(flags.upper),
    work: flags.work === undefined ? undefined : path(flags.work),
    volatile: flags.volatile,
    target,
  })
  if (flags.explain === true) {
    io.write(`${step.shell.join('\n')}\n`)
    return
  }
  // The plan of a container's root, run in the mount namespace we are in.
  await runProgram(encodeProgram([{ ...step, where: 'host' }]))
}

function diff(upper: string, lower: string[], io: CommandIo): void {
  for (const { kind, path } of diffUpper(upper, new LayerView(lower.length > 0 ? lower : mountedLower(upper)))) {
    io.write(`${kind} ${path}\n`)
  }
}

function mountedLower(upper: string): string[] {
  const mounted = readMountedOverlays().find((overlay) => overlay.upper === upper)
  if (mounted === undefined || !mounted.lower.every(isAbsolute)) {
    throw new UserError('invalid', `no overlay with full paths is mounted with the upper directory ${upper}`, {
      hint: 'name the layers: unionfs diff UPPER LOWER...',
    })
  }
  return mounted.lower
}

function list(layers: string[], flags: { path: string; recursive?: true }, io: CommandIo): void {
  const view = new LayerView(layers)
  const found = view.stat(flags.path)
  if (found === undefined) throw new UserError('not-found', `no such file or directory: ${flags.path}`)
  if (flags.recursive === true) {
    for (const entry of view.walk(flags.path)) io.write(formatEntry(entry))
    return
  }
  const names = found.type === 'directory' ? view.readdir(found.path).map(({ name }) => name) : []
  const paths =
    found.type === 'directory' ? names.map((name) => `${found.path === '/' ? '' : found.path}/${name}`) : [found.path]
  for (const one of paths) {
    const entry = view.lstat(one)
    if (entry !== undefined) io.write(formatEntry(entry))
  }
}

const LETTERS = { file: '-', directory: 'd', symlink: 'l', char: 'c', block: 'b', fifo: 'p', socket: 's' } as const

/** `-0644    0:0        1024 /etc/passwd`, the mode in octal. */
function formatEntry({ type, mode, uid, gid, size, path, target }: LayerStat): string {
  const owner = `${uid}:${gid}`.padStart(9)
  const arrow = target === undefined ? '' : ` -> ${target}`
  return `${LETTERS[type]}${mode.toString(8).padStart(4, '0')} ${owner} ${String(size).padStart(10)} ${path}${arrow}\n`
}

function support(directory: string, io: CommandIo): void {
  const { kernel, filesystem, upper } = readOverlaySupport(directory)
  const words = { yes: 'has overlay', module: 'may load overlay as a module', no: 'has no overlay' }
  io.write(
    `kernel      ${words[kernel]}\nfilesystem  ${filesystem}\nupper       ${upper.usable ? 'can lie there' : upper.reason}\n`,
  )
}

function report(error: unknown, io: CommandIo): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (!(error instanceof SyscallError) && !(error instanceof UserError)) {
    io.writeError(`unionfs: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
  io.writeError(`unionfs: ${error.message}\n${error.hint === undefined ? '' : `  hint: ${error.hint}\n`}`)
  return 1
}
