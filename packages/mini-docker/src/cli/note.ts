/** A hint on stderr, in docker's box: colours on a terminal, plain elsewhere. */
import type { Terminal } from './terminal.ts'

const HEAD = '\x1b[1m\x1b[106m\x1b[30mi\x1b[0m\x1b[0m \x1b[96mInfo → \x1b[0m\x1b[0m'
const PLAIN_HEAD = ' Info -> '
const INDENT = ' '.repeat(9)

/** Writes the lines below each other, after an empty line. */
export function note(terminal: Terminal, ...lines: string[]): void {
  const styled = terminal.isTty(2) && terminal.env['NO_COLOR'] === undefined
  const shown = styled ? lines.map((line) => `\x1b[3m${line}\x1b[0m`) : lines
  terminal.err(`\n${styled ? HEAD : PLAIN_HEAD}${shown.join(`\n${INDENT}`)}\n`)
}
