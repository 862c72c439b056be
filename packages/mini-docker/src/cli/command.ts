/** What a command is: its words, its flags, and the function that does it; with docker's help and argument errors. */
import { CliError, PROGRAM } from './errors.ts'
import { FlagError, HelpWanted, mistakeInFlags, readFlags, type Flag, type Flags } from './flags.ts'
import type { Terminal } from './terminal.ts'

/** One command. `words` says how many words it takes: exactly, at least (none with the flag `unless`), or at most. */
export type Command = {
  /** As it stands behind the program's name in usage lines: `run`, `container ls`. */
  name: string
  /** The rest of the usage line: `[OPTIONS] IMAGE [COMMAND] [ARG...]`. */
  usage: string
  about: string
  flags: readonly Flag[]
  words: { exactly: number } | { atLeast: number; atMost?: number; unless?: string } | { atMost: number }
  /** Flags end at the first word; what follows belongs to the container. */
  stopAtFirstWord?: true
  run: (flags: Flags, words: string[], terminal: Terminal) => Promise<void>
  /** It changes something, and has the faces --explain, --trace and --json: of its requests, or such as it makes itself. */
  faces?: 'requests' | 'own'
}

const FACES: readonly Flag[] = [
  { name: 'explain', kind: 'bool', help: 'Print what would be done, as a shell script with reasons; do nothing' },
  { name: 'trace', kind: 'bool', help: 'Print what is done, call by call, on stderr' },
  { name: 'json', kind: 'bool', help: 'With --explain or --trace: as JSON' },
  { name: 'lang', kind: 'string', help: 'Language of --explain: en or ja (default from the locale)' },
]

/** All flags of a command, those of its faces included. */
export function flagsOf({ flags, faces }: Pick<Command, 'flags' | 'faces'>): readonly Flag[] {
  return faces === 'requests'
    ? [...flags, ...FACES.filter(({ name }) => !flags.some((own) => own.name === name))]
    : flags
}

/** Reads `argv` as the command's words and flags and does it. Throws CliError for mistakes; `--help` prints the help. */
export async function runCommand(command: Command, argv: readonly string[], terminal: Terminal): Promise<void> {
  const usage = `${PROGRAM} ${command.name} ${command.usage}`.trimEnd()
  let read
  try {
    read = readFlags(flagsOf(command), argv, command.stopAtFirstWord === true)
  } catch (error) {
    if (error instanceof HelpWanted) {
      const { commandHelp } = await import('./help.ts')
      return terminal.out(commandHelp({ ...command, flags: flagsOf(command) }, terminal.size()?.columns || undefined))
    }
    if (error instanceof FlagError) throw mistakeInFlags(error, PROGRAM, command.name, usage)
    throw error
  }
  const { unless } = { unless: undefined, ...command.words }
  if (unless === undefined || !read.flags.bool(unless)) checkWords(command, read.words.length, usage)
  else if (read.words.length > 0) throw new CliError(`--${unless} takes no further arguments\n\nUsage:  ${usage}`, 125)
  // `gc --json` is its own.
  const asked = ['explain', 'trace', ...(command.flags.some(({ name }) => name === 'json') ? [] : ['json'])]
  if (command.faces === 'requests' && asked.some((face) => read.flags.bool(face))) {
    const { runFaced } = await import('../faces/faced.ts')
    return runFaced(command, read.flags, read.words, terminal)
  }
  await command.run(read.flags, read.words, terminal)
}

function checkWords({ name, words }: Command, count: number, usage: string): void {
  const wanted = wordsWanted(words, count)
  if (wanted === undefined) return
  const lead = 'atLeast' in words && words.atMost === undefined ? 'See' : 'Run'
  throw new CliError(
    `${PROGRAM}: '${PROGRAM} ${name}' ${wanted}\n\nUsage:  ${usage}\n\n${lead} '${PROGRAM} ${name} --help' for more information`,
  )
}

function wordsWanted(words: Command['words'], count: number): string | undefined {
  const plural = (n: number) => `${n} argument${n === 1 ? '' : 's'}`
  if ('exactly' in words) {
    if (count === words.exactly) return undefined
    return words.exactly === 0 ? 'accepts no arguments' : `requires ${plural(words.exactly)}`
  }
  if ('atLeast' in words) {
    const { atLeast, atMost } = words
    if (count >= atLeast && count <= (atMost ?? count)) return undefined
    return `requires at least ${atMost === undefined ? plural(atLeast) : `${atLeast} and at most ${plural(atMost)}`}`
  }
  return count <= words.atMost ? undefined : `requires at most ${plural(words.atMost)}`
}
