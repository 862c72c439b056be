/** Asks before something is removed. */
import type { Terminal } from './terminal.ts'

/** True when the answer begins with y. No answer (no input at all) is no. */
export async function confirm(terminal: Terminal, warning: string): Promise<boolean> {
  // A plan removes nothing.
  if (terminal.face?.plansOnly === true) return true
  terminal.out(`${warning}\nAre you sure you want to continue? [y/N] `)
  let answer = ''
  for await (const chunk of terminal.stdin()) {
    answer += String(chunk)
    if (answer.includes('\n')) break
  }
  return answer.trim().toLowerCase() === 'y'
}
