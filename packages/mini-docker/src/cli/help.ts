/** `--help`: the usage line, what the command does, its other names, its flags in columns. */
import { wrap } from '../format/wrap.ts'
import type { Command } from './command.ts'
import { PROGRAM } from './errors.ts'
import type { Flag } from './flags.ts'

/** Docker's, where no terminal says otherwise. */
const COLUMNS = 80

/** The help of one command, for a terminal of so many columns. */
export function commandHelp(command: Command, columns = COLUMNS): string {
  const shown = command.flags.filter((flag) => flag.hidden !== true && flag.aliasOf === undefined)
  const built = shown.filter((flag) => flag.notBuilt === undefined)
  const missing = shown.filter((flag) => flag.notBuilt !== undefined)
  const lines = [`Usage:  ${PROGRAM} ${command.name} ${command.usage}`.trimEnd(), '', command.about]
  const names = namesOf(command.name)
  if (names.length > 1) {
    lines.push('', 'Aliases:', `  ${names.map((name) => `${PROGRAM} ${name}`).join(', ')}`)
  }
  if (built.length > 0) lines.push('', 'Options:', ...flagLines(built, columns))
  if (missing.length > 0) {
    const names = missing.map((flag) => `--${flag.name}`).join(' ')
    lines.push('', ...wrap(`Not built yet (an error when given): ${names}`, columns - 1))
  }
  return `${lines.join('\n')}\n`
}

function flagLines(flags: readonly Flag[], columns: number): string[] {
  const left = flags.map((flag) => {
    const label = flag.label ?? { bool: '', string: 'string', int: 'int', list: 'list' }[flag.kind]
    return `  ${flag.short === undefined ? '   ' : `-${flag.short},`} --${flag.name}${label === '' ? '' : ` ${label}`}`
  })
  const width = Math.max(...left.map((text) => text.length)) + 3
  // On a narrow terminal lines break anyway: better there than after every word.
  const room = Math.max(24, columns - 1 - width)
  return left.flatMap((text, index) => {
    const [first = '', ...rest] = wrap(flags[index]?.help ?? '', room)
    return [text.padEnd(width) + first, ...rest.map((line) => ' '.repeat(width) + line)].map((line) => line.trimEnd())
  })
}

/** Commands that stand alone and in a group under the same name. */
const IN_BOTH: Record<string, string> = {
  container: 'attach create exec kill logs pause port rename restart run start stats stop top unpause wait',
  image: 'history import load pull push save tag',
  system: 'events info',
}

/** Those that have other names in their group. */
const RENAMED = [
  ['container ls', 'container list', 'container ps', 'ps'],
  ['container rm', 'container remove', 'rm'],
  ['image ls', 'image list', 'images'],
  ['image rm', 'image remove', 'rmi'],
  ['network ls', 'network list'],
  ['network rm', 'network remove'],
  ['volume ls', 'volume list'],
  ['volume rm', 'volume remove'],
]

/** All names of a command, those in the group first, as docker lists them. */
function namesOf(name: string): string[] {
  const renamed = RENAMED.find((names) => names.includes(name))
  if (renamed !== undefined) return renamed
  const own = name.split(' ').at(-1) ?? name
  const group = Object.keys(IN_BOTH).find((one) => IN_BOTH[one]?.split(' ').includes(own))
  return group !== undefined && (name === own || name === `${group} ${own}`) ? [`${group} ${own}`, own] : [name]
}
