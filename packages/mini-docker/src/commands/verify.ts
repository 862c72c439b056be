/** `verify`: the checks of the course. They are a program of `tutorials/`, which this hands its words and its terminal to. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKOUT } from '../classroom/checkout.ts'
import type { Command } from '../cli/command.ts'
import { CliError, exitWith } from '../cli/errors.ts'
import type { Flags } from '../cli/flags.ts'

export const command: Command = {
  name: 'verify',
  usage: '[OPTIONS] CHAPTER [CHAPTER...]',
  about: 'Ask the kernel whether a container is what a chapter of the course says',
  flags: [
    { name: 'all', kind: 'bool', help: 'Every chapter: a scorecard' },
    {
      name: 'cmd',
      kind: 'string',
      help: 'The program to look at, which gets a command as its last words (default: mini-docker)',
    },
    { name: 'json', kind: 'bool', help: 'Print the findings as JSON' },
    { name: 'lang', kind: 'string', help: 'Language of the words: en or ja (default: of your locale)' },
  ],
  words: { atLeast: 0 },
  async run(flags, chapters) {
    const program = join(CHECKOUT, 'tutorials/verify.ts')
    if (!existsSync(program)) throw new CliError(`the course is not here: there is no ${program}`)
    const child = spawn(process.execPath, ['--', program, ...wordsOf(flags), ...chapters], { stdio: 'inherit' })
    const [code] = (await once(child, 'exit')) as [number | null]
    if (code !== 0) throw exitWith(code ?? 1)
  },
}

function wordsOf(flags: Flags): string[] {
  const switches = ['all', 'json'].filter((name) => flags.bool(name)).map((name) => `--${name}`)
  const values = ['cmd', 'lang'].flatMap((name) =>
    flags.string(name) === undefined ? [] : [`--${name}=${flags.string(name)}`],
  )
  return [...switches, ...values]
}
