/** Whether there is a terminal to draw on: otherwise lines are better. */
import type { Terminal } from '../../cli/terminal.ts'

/** A terminal on both sides, and one that can move its cursor. However small it is: the screen says so, and it may grow. */
export function canDraw(terminal: Pick<Terminal, 'isTty' | 'size' | 'env'>): boolean {
  const size = terminal.size()
  return terminal.isTty(0) && size !== undefined && size.columns > 0 && terminal.env['TERM'] !== 'dumb'
}
