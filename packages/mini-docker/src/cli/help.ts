/** `--help`: the usage line, what the command does, its flags in columns. */
import type { Command } from './command.ts'
import { PROGRAM } from './errors.ts'
import type { Flag } from './flags.ts'

/** The help of one command. */
export function commandHelp(command: Command): string {
  const shown = command.flags.filter((flag) => flag.hidden !== true && flag.aliasOf === undefined)
  const built = shown.filter((flag) => flag.notBuilt === undefined)
  const missing = shown.filter((flag) => flag.notBuilt !== undefined)
  const lines = [`Usage:  ${PROGRAM} ${command.name} ${command.usage}`.trimEnd(), '', command.about]
  if (built.length > 0) lines.push('', 'Options:', ...flagLines(built))
  if (missing.length > 0) {
    lines.push('', `Not built yet (an error when given): ${missing.map((flag) => `--${flag.name}`).join(' ')}`)
  }
  return `${lines.join('\n')}\n`
}

function flagLines(flags: readonly Flag[]): string[] {
  const left = flags.map((flag) => {
    const label = flag.label ?? { bool: '', string: 'string', int: 'int', list: 'list' }[flag.kind]
    return `  ${flag.short === undefined ? '   ' : `-${flag.short},`} --${flag.name}${label === '' ? '' : ` ${label}`}`
  })
  const width = Math.max(...left.map((text) => text.length)) + 3
  return left.map((text, index) => text.padEnd(width) + (flags[index]?.help ?? ''))
}
