/**
 * The grammar of docker's command lines (Go's pflag), in one small reader whose table is the documentation.
 *
 *     --name value   --name=value   -n value   -nvalue   -n=value   -it (a cluster)   --tty[=false]   -- (end of flags)
 *
 * `run`, `create`, `exec` and `top` stop at the first word that is no flag (the image), so that what follows belongs to
 * the container; every other command lets flags and words mix. A value that does not parse is refused while reading,
 * with pflag's words, before anything is sent.
 */
import { CliError, notBuilt } from './errors.ts'

/** What a flag takes. `bool` needs no value; `list` may be repeated. `check` refuses bad values by throwing an Error with the reason. */
export type Flag = {
  name: string
  short?: string
  kind: 'bool' | 'string' | 'int' | 'list'
  /** What help shows for the value: `string`, `bytes`, `list` … */
  label?: string
  help: string
  check?: (text: string) => void
  /** A flag of docker's that is refused for now: the part of the project that brings it. */
  notBuilt?: string
  /** Another spelling of the flag of this name; not shown in help. */
  aliasOf?: string
  hidden?: true
}

/** A command's flags as they were given, read by name. Asking for a flag that the table does not have is a bug and throws. */
export class Flags {
  readonly #table: Map<string, Flag>
  readonly #values = new Map<string, string[]>()

  constructor(table: readonly Flag[]) {
    this.#table = new Map(table.map((flag) => [flag.name, flag]))
  }

  /** True when the flag was given at all. */
  has(name: string): boolean {
    return this.list(name).length > 0
  }

  bool(name: string): boolean {
    const text = this.list(name).at(-1)
    return text !== undefined && parseBool(text)
  }

  /** The last value given, or undefined. */
  string(name: string): string | undefined {
    return this.list(name).at(-1)
  }

  int(name: string): number | undefined {
    const text = this.string(name)
    return text === undefined ? undefined : parseInteger(text)
  }

  list(name: string): string[] {
    if (!this.#table.has(name)) throw new Error(`no flag --${name} in this command's table`)
    return this.#values.get(name) ?? []
  }

  /** Records a value after checking it; used by the reader. */
  add(flag: Flag, text: string): void {
    if (flag.notBuilt !== undefined) throw notBuilt(`--${flag.name}`, flag.notBuilt)
    const shown = flag.short === undefined ? `--${flag.name}` : `-${flag.short}, --${flag.name}`
    try {
      if (flag.kind === 'bool') parseBool(text)
      if (flag.kind === 'int') parseInteger(text)
      flag.check?.(text)
    } catch (error) {
      throw new FlagError(`invalid argument ${JSON.stringify(text)} for "${shown}" flag: ${(error as Error).message}`)
    }
    const name = flag.aliasOf ?? flag.name
    this.#values.set(name, [...(this.#values.get(name) ?? []), text])
  }
}

/** A mistake in the flags; whoever knows the command adds its usage line. */
export class FlagError extends Error {}

/** Thrown when `--help` was asked for. */
export class HelpWanted extends Error {}

/**
 * Reads `argv` against `table`. With `stopAtFirstWord`, everything from the first word on is returned untouched in `words`.
 * Throws FlagError, HelpWanted, or CliError for a flag that is not built yet.
 */
export function readFlags(
  table: readonly Flag[],
  argv: readonly string[],
  stopAtFirstWord = false,
): { flags: Flags; words: string[] } {
  const flags = new Flags(table)
  const words: string[] = []
  const rest = [...argv]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') return { flags, words: [...words, ...rest] }
    if (arg.startsWith('--')) readLong(table, flags, arg, rest)
    else if (arg.startsWith('-') && arg.length > 1) readCluster(table, flags, arg, rest)
    else if (stopAtFirstWord) return { flags, words: [arg, ...rest] }
    else words.push(arg)
  }
  return { flags, words }
}

function readLong(table: readonly Flag[], flags: Flags, arg: string, rest: string[]): void {
  const equals = arg.indexOf('=')
  const name = equals === -1 ? arg.slice(2) : arg.slice(2, equals)
  if (name === '' || name.startsWith('-')) throw new FlagError(`bad flag syntax: ${arg}`)
  const flag = table.find((candidate) => candidate.name === name)
  if (flag === undefined) {
    if (name === 'help') throw new HelpWanted()
    throw new FlagError(`unknown flag: --${name}`)
  }
  if (equals !== -1) flags.add(flag, arg.slice(equals + 1))
  else if (flag.kind === 'bool') flags.add(flag, 'true')
  else flags.add(flag, takeValue(rest, `--${name}`))
}

/** `-it`, `-eA=b`, `-e=A`, `-e A`: each letter is a flag until one takes a value, which swallows the rest. */
function readCluster(table: readonly Flag[], flags: Flags, arg: string, rest: string[]): void {
  const letters = Array.from(arg.slice(1))
  while (letters.length > 0) {
    const letter = letters.shift()
    const flag = table.find((candidate) => candidate.short === letter)
    if (flag === undefined) throw new FlagError(`unknown shorthand flag: '${letter}' in ${arg}`)
    if (letters[0] === '=' && letters.length > 1) return flags.add(flag, letters.slice(1).join(''))
    if (flag.kind === 'bool') flags.add(flag, 'true')
    else if (letters.length > 0) return flags.add(flag, letters.join(''))
    else return flags.add(flag, takeValue(rest, `'${letter}' in ${arg}`))
  }
}

function takeValue(rest: string[], shown: string): string {
  const value = rest.shift()
  if (value === undefined) throw new FlagError(`flag needs an argument: ${shown}`)
  return value
}

/** Go's strconv.ParseBool. */
function parseBool(text: string): boolean {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false
  throw new Error(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`)
}

/** Go's strconv.ParseInt with base 0, as far as a JavaScript number is exact. */
function parseInteger(text: string): number {
  const value = /^[+-]?(\d+|0x[\da-f]+|0o?[0-7]+|0b[01]+)$/i.test(text) ? Number(text.replace(/^\+/, '')) : Number.NaN
  const number = text.startsWith('-') && Number.isNaN(value) ? -Number(text.slice(1)) : value
  if (Number.isNaN(number)) throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  if (!Number.isSafeInteger(number))
    throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`)
  return number
}

/** Reads flags for `command` and turns mistakes into docker's error: the reason, the usage line, exit status 125. */
export function mistakeInFlags(error: FlagError, program: string, command: string, usage: string): CliError {
  return new CliError(
    `${error.message}\n\nUsage:  ${usage}\n\nRun '${program}${command === '' ? '' : ` ${command}`} --help' for more information`,
    125,
  )
}
